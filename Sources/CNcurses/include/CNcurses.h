#ifndef STREAMTOP_CNCURSES_H
#define STREAMTOP_CNCURSES_H

// What Swift cannot see of ncursesw: macros, variadics and globals, as small functions. Only StreamtopTerminal imports
// this; the rest of the program does not know that there is a terminal.

#ifndef NCURSES_WIDECHAR
#define NCURSES_WIDECHAR 1
#endif
#include <curses.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One cell to paint: up to `ST_CELL_SCALARS` Unicode scalars, zero-ended, and how.
#define ST_CELL_SCALARS 5
typedef struct {
    uint32_t scalars[ST_CELL_SCALARS + 1];
    uint32_t attributes;
    int32_t pair;
} st_cell;

/// Attribute bits of `st_cell.attributes`; ours, so that no macro crosses into Swift.
enum {
    ST_BOLD = 1,
    ST_DIM = 2,
    ST_ITALIC = 4,
    ST_UNDERLINE = 8,
    ST_REVERSE = 16,
};

/// A key press or mouse report as curses tells it.
typedef struct {
    /// `ST_INPUT_*`
    int kind;
    /// A Unicode scalar for `ST_INPUT_TEXT`, a `KEY_*` code for `ST_INPUT_CODE`.
    uint32_t code;
    int column, row;
    /// `ST_MOUSE_*`
    int button;
} st_input;

enum { ST_INPUT_NONE = 0, ST_INPUT_TEXT = 1, ST_INPUT_CODE = 2, ST_INPUT_MOUSE = 3 };
enum { ST_MOUSE_NONE = 0, ST_MOUSE_PRESS = 1, ST_MOUSE_WHEEL_UP = 2, ST_MOUSE_WHEEL_DOWN = 3 };

/// Whether the terminal description `name` exists and how many colours it tells of; -1 when it does not exist.
int st_terminal_colors(const char *name);
/// Takes the screen of terminal type `name`. `keys` is the descriptor keys are read from, standard input or the controlling terminal.
/// Returns false, with the terminal untouched, when `name` is no terminal that can be painted.
bool st_screen_open(const char *name, int keys, bool mouse);
/// Gives the screen back; harmless when it is not held.
void st_screen_close(void);
/// Gives the screen back for a while (job control) and takes it again.
void st_screen_leave(void);
void st_screen_return(void);
/// Adopts the size the kernel reports; returns whether it changed.
bool st_screen_resize(void);
void st_screen_size(int *columns, int *rows);
void st_screen_clear(void);
void st_screen_flush(void);
/// Paints `count` cells from (`row`, `column`) on. Cells outside the screen are ignored.
void st_screen_put(int row, int column, const st_cell *cells, int count);
/// Puts the cursor there and shows it; a negative row hides it.
void st_screen_cursor(int row, int column);

/// Hands base64 text to the terminal's clipboard (xterm's OSC 52); false for terminals that would print it instead.
bool st_screen_copy(const char *base64);

/// Number of colours the terminal has (0: none) and of pairs that can be held at once.
int st_color_count(void);
int st_pair_limit(void);
/// Defines pair number `pair`; -1 stands for the terminal's own colour. Returns false when refused.
bool st_pair_define(int pair, int foreground, int background);

/// The next key press without waiting.
st_input st_input_next(void);

/// Whether text in this locale is UTF-8, so that braille and box characters can be shown.
bool st_locale_is_utf8(void);

// ---- Giving the terminal back whatever happens (Rescue.c) ----

/// Remembers the terminal's modes and what to send to leave them; from now on crashes and exits restore the terminal.
void st_rescue_arm(int terminal, const char *reset, size_t length);
void st_rescue_disarm(void);
/// Restores now; safe in a signal handler, does nothing when not armed.
void st_rescue_now(void);

/// Catches INT, TERM, HUP, WINCH, TSTP, CONT as flags and wakes `st_signal_wait_descriptor`; ignores PIPE. With
/// `crashes`, also restores the terminal on SEGV, BUS, ILL, TRAP, ABRT, FPE before the earlier handler runs.
void st_signals_install(bool crashes);
/// Readable when a signal came or `st_signal_wake` was called.
int st_signal_descriptor(void);
/// Makes `st_signal_descriptor` readable; callable from any thread and from signal handlers.
void st_signal_wake(void);
/// Empties the descriptor and returns the signals since the last call as `ST_SIGNAL_*` bits.
int st_signal_take(void);
/// The same bits without taking them, and without a system call.
int st_signal_peek(void);
/// Whether the process was ever asked to end, by a signal or by `st_ending_mark`.
bool st_ending(void);
void st_ending_mark(void);
enum { ST_SIGNAL_STOP = 1, ST_SIGNAL_RESIZE = 2, ST_SIGNAL_SUSPEND = 4, ST_SIGNAL_CONTINUE = 8 };
/// Stops the process as Ctrl-Z does; returns when it is continued.
void st_signal_suspend(void);
/// Blocks the signals above in the calling thread, so that the thread that waits for them gets them.
void st_signals_block_in_thread(void);

/// Names the calling thread.
void st_thread_name(const char *name);

/// Waits until `first` or `second` is readable (either may be negative) or the time is over. Bit 0: first, bit 1: second,
/// bit 2: nobody is at the other end of the first any more.
int st_wait_readable(int first, int second, int timeout_ms);

#endif
