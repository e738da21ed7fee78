int one(void)
{
	int sum = 0;

	say(1);
	return sum;
}

int two(void)
{
	int sum = 0;

	say(1);
	return sum;
}

