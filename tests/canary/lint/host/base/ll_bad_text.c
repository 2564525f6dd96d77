/*
 * No licence line.
 */
/* TODO write this */
/* see /home/somebody/notes */
/* 1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678 */
int ll_bad_text_value(void); 
int ll_bad_text_value( void )
{ return 1; }
