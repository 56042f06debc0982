// Package vterm is a virtual terminal for a sandbox's pty, as plain data that a screen can draw.
//
// It promises:
//
//   - Nothing that the program writes reaches the real terminal: a Screen is text without control characters and styles of
//     our own. Titles are sanitised and cut; the clipboard, hyperlinks, the palette, sixels, DCS, APC, PM, SOS and every
//     sequence that is not known are dropped. Each line is exactly as wide as the terminal, by text.Width.
//   - Questions (DA, DSR, CPR, DECRQM, the size, colours) are answered, through the same queue as keys. A program that does
//     not read its answers gets no more of them; it cannot block the screen.
//   - Three goroutines a terminal: one reads, one parses, one writes. They end when the pty is closed or its other end is.
//   - The first output after quiet is parsed at once. A flood takes a third of a core at most, a tenth while nobody receives
//     from Changed, and the program waits when 256 KiB are not parsed yet. Lines that nobody can see, with nothing but SGR
//     in them, go to history past the emulator: 12 MB/s of seq and 5 MB/s of coloured lines, instead of 0.5 (100x50, on two
//     busy cores).
//   - Memory is bounded: about 6 MB at 100x50 with a full history of 2,000 lines, 4 MB of which are a buffer of the emulator's
//     parser that is never touched. While both queues are full it is 2.5 MB more.
//
// A program in it finds what TERM=xterm-256color promises. The cells are charmbracelet/x/vt's. What version 0.1.0 of that
// does not do as xterm, and is done here instead:
//
//   - a wide character at a line's end was lost, and the one after it overwrote half of it; DCH blanked wide characters;
//     ICH and DCH did nothing outside of the scroll region
//   - a combining mark that came with a later read was lost, and a cell could hold any number of them
//   - ED 1 erased the whole line of the cursor; ED 3 the screen too; IL and DL moved the cursor by the region's top
//   - in origin mode CR, VPR and HPR moved by the region's top again
//   - REP repeated as often as told (two thousand million times), and only ASCII
//   - SO and SI were ignored, G0's UK set took the wrong character, insert mode (IRM) and DECALN were missing
//   - DECRC restored whether the cursor is seen, and neither character sets nor origin mode
//   - the alternate screen kept a history of its own, of 10,000 lines, that nothing could clear; the scroll region's lines
//     and deleted ones went to history, and wide characters at their end were lost there
//   - answers went into a pipe without a buffer, from inside Write
//   - a raw byte 0x9c ended a title in the middle of a UTF-8 character, and broken UTF-8 swallowed an ESC
//   - a screen that became lower lost its last lines, with the prompt
//
// Not there: left and right margins, double-width lines, reverse video of the whole screen (DECSCNM), 132 columns,
// synchronised output (2026), focus events, kitty's and modifyOtherKeys' keyboards, UTF-8 and urxvt mouse encodings, underline
// styles and colours (all are one underline), national character sets, reflow when the width changes, and emoji of several
// parts (the parts are shown one by one, since text.Sanitise lets no joiners through). Glyphs of the private use area are
// shown as U+FFFD.
package vterm
