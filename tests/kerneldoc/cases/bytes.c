// SPDX-License-Identifier: GPL-2.0-only
/**
 * cafÃ© - UTF-8 in the name
 * @a: Ã¤Ã¶Ã¼	tab behind three letters, which are six bytes
 */
int cafÃ©(int a);

/**
 * latin - mixed
 * @a: äöü in latin-1
 * @b:  no-break…space
 */
void latin(int a, int b);

/**
 * crlf - carriage returns
 * @a: a
 */
void crlf(int a);
