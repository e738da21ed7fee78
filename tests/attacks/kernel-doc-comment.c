/**
 * attack - end it
 * @x: .. raw:: html
 *
 *    <script>alert(1)</script>
 * .. include:: @CANARY@
 * .. literalinclude:: @CANARY@
 *
 * .so @CANARY@
 *
 * Return: nothing
 */
int attack(int x);
