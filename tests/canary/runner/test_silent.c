/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: prove that a test which checks nothing is seen. Method: returns 0 and reports nothing.
 */
int main(void)
{
    return 0;
}
