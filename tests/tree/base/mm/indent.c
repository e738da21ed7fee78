int f(int a)
{
	switch (a) {
	case 1:
		if (a &&
		    a > 2)
			return 1;
		else if (a)
			while (a--)
				g(a,
				  2);
		break;
	default:
		goto out;
	}
	/*
	 * A comment.
	 */
	do {
		a = a +
			1;
	} while (a < 3);
#ifdef X
	g(1, 2);
#endif
out:
	return a;
}
