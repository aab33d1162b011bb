// The curses calls, one small function each. Curses keeps one screen per process and is not thread-safe: everything
// here is called by the one thread that owns the screen.

#define _GNU_SOURCE
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "include/CNcurses.h"

// <term.h> declares it beside macros named "columns" and "lines".
extern int setupterm(const char *name, int descriptor, int *status);

static SCREEN *screen;
static FILE *key_stream;
static int key_descriptor = -1;
static bool uses_mouse;
static bool marks_paste;
static bool painted_cursor;

bool st_locale_is_utf8(void) {
    setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

// Appends a terminfo string without its padding marks ("$<5>"): a handler cannot wait, and modern terminals need not.
static size_t append(char *into, size_t used, size_t size, const char *text) {
    if (text == NULL || text == (char *)-1) return used;
    while (*text && used + 1 < size) {
        if (text[0] == '$' && text[1] == '<') {
            const char *end = strchr(text, '>');
            if (end) {
                text = end + 1;
                continue;
            }
        }
        into[used++] = *text++;
    }
    into[used] = 0;
    return used;
}

static bool reports_mouse(void) {
    const char *capability = tigetstr("kmous");
    return capability != NULL && capability != (char *)-1;
}

static void arm(void) {
    char reset[512];
    size_t used = 0;
    if (uses_mouse) used = append(reset, used, sizeof reset, "\033[?1006l\033[?1003l\033[?1002l\033[?1000l");
    if (marks_paste) used = append(reset, used, sizeof reset, "\033[?2004l");
    used = append(reset, used, sizeof reset, tigetstr("sgr0"));
    used = append(reset, used, sizeof reset, tigetstr("op"));
    used = append(reset, used, sizeof reset, tigetstr("rmkx"));
    used = append(reset, used, sizeof reset, tigetstr("cnorm"));
    used = append(reset, used, sizeof reset, tigetstr("rmcup"));
    st_rescue_arm(STDOUT_FILENO, reset, used);
}

static void enter_modes(void) {
    raw();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    painted_cursor = false;
    if (uses_mouse) {
        mouseinterval(0);
        mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    }
    // Pasted text comes between marks, so that it is not taken for keys.
    if (marks_paste) {
        fputs("\033[?2004h", stdout);
        fflush(stdout);
    }
}

static void leave_modes(void) {
    mousemask(0, NULL);
    if (marks_paste) {
        fputs("\033[?2004l", stdout);
        fflush(stdout);
    }
    curs_set(1);
    endwin();
}

int st_terminal_colors(const char *name) {
    int status = 0;
    if (setupterm(name, STDOUT_FILENO, &status) != OK) return -1;
    int colors = tigetnum("colors");
    return colors < 0 ? 0 : colors;
}

bool st_screen_open(const char *name, int keys, bool mouse) {
    setlocale(LC_CTYPE, "");
    int status = 0;
    // newterm would end the program for an unknown TERM; setupterm tells.
    if (setupterm(name, STDOUT_FILENO, &status) != OK) return false;
    if (tigetstr("cup") == NULL || tigetstr("cup") == (char *)-1) return false;
    // Remember the modes before curses changes them.
    st_rescue_arm(STDOUT_FILENO, "", 0);
    key_descriptor = keys;
    key_stream = keys == STDIN_FILENO ? stdin : fdopen(dup(keys), "r");
    set_escdelay(25);
    use_extended_names(TRUE);
    screen = key_stream ? newterm(name, stdout, key_stream) : NULL;
    if (screen == NULL) {
        st_rescue_disarm();
        return false;
    }
    if (has_colors()) {
        start_color();
        use_default_colors();
    }
    uses_mouse = mouse && reports_mouse();
    // Terminals that report the mouse in xterm's way also mark pasted text in its way.
    marks_paste = reports_mouse();
    enter_modes();
    arm();
    return true;
}

// Curses has left the screen; only the modes as they were found remain to be set.
static void restore_modes(void) {
    st_rescue_arm(STDOUT_FILENO, "", 0);
    st_rescue_now();
}

void st_screen_close(void) {
    if (screen == NULL) return;
    leave_modes();
    delscreen(screen);
    screen = NULL;
    restore_modes();
    if (key_stream && key_stream != stdin) fclose(key_stream);
    key_stream = NULL;
}

void st_screen_leave(void) {
    if (screen == NULL) return;
    leave_modes();
    restore_modes();
}

void st_screen_return(void) {
    if (screen == NULL) return;
    st_screen_resize();
    enter_modes();
    arm();
    clearok(curscr, TRUE);
    refresh();
}

bool st_screen_resize(void) {
    struct winsize size;
    if (screen == NULL || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return false;
    if (!is_term_resized(size.ws_row, size.ws_col)) return false;
    resize_term(size.ws_row, size.ws_col);
    clearok(curscr, TRUE);
    return true;
}

void st_screen_size(int *columns, int *rows) {
    *rows = screen ? getmaxy(stdscr) : 0;
    *columns = screen ? getmaxx(stdscr) : 0;
}

void st_screen_clear(void) {
    if (screen) clearok(curscr, TRUE);
}

void st_screen_flush(void) {
    if (screen) refresh();
}

void st_screen_put(int row, int column, const st_cell *cells, int count) {
    if (screen == NULL || row < 0 || row >= getmaxy(stdscr) || column < 0) return;
    int room = getmaxx(stdscr) - column;
    if (count > room) count = room;
    for (int index = 0; index < count; index++) {
        const st_cell *cell = &cells[index];
        // The second half of a wide character has no scalars: it was painted with the first.
        if (cell->scalars[0] == 0) continue;
        wchar_t text[ST_CELL_SCALARS + 1];
        for (int place = 0; place <= ST_CELL_SCALARS; place++) text[place] = (wchar_t)cell->scalars[place];
        text[ST_CELL_SCALARS] = 0;
        attr_t attributes = A_NORMAL;
        if (cell->attributes & ST_BOLD) attributes |= A_BOLD;
        if (cell->attributes & ST_DIM) attributes |= A_DIM;
        if (cell->attributes & ST_ITALIC) attributes |= A_ITALIC;
        if (cell->attributes & ST_UNDERLINE) attributes |= A_UNDERLINE;
        if (cell->attributes & ST_REVERSE) attributes |= A_REVERSE;
        cchar_t painted;
        int pair = cell->pair;
        if (setcchar(&painted, text, attributes, 0, &pair) != OK) continue;
        mvadd_wchnstr(row, column + index, &painted, 1);
    }
}

void st_screen_cursor(int row, int column) {
    if (screen == NULL) return;
    bool show = row >= 0;
    if (show != painted_cursor) curs_set(show ? 1 : 0);
    painted_cursor = show;
    if (show) move(row, column);
}

bool st_screen_copy(const char *base64) {
    if (screen == NULL || !reports_mouse()) return false;
    // Curses knows nothing of it and keeps nothing in the stream between refreshes.
    return fprintf(stdout, "\033]52;c;%s\a", base64) > 0 && fflush(stdout) == 0;
}

int st_color_count(void) { return screen && has_colors() ? COLORS : 0; }

int st_pair_limit(void) { return screen && has_colors() ? COLOR_PAIRS : 0; }

bool st_pair_define(int pair, int foreground, int background) {
    return init_extended_pair(pair, foreground, background) == OK;
}

st_input st_input_next(void) {
    st_input input = {0};
    if (screen == NULL) return input;
    wint_t code = 0;
    int kind = get_wch(&code);
    if (kind == ERR) return input;
    input.kind = kind == KEY_CODE_YES ? ST_INPUT_CODE : ST_INPUT_TEXT;
    input.code = (uint32_t)code;
    if (kind != KEY_CODE_YES || code != KEY_MOUSE) return input;
    MEVENT event;
    if (getmouse(&event) != OK) return input;
    input.kind = ST_INPUT_MOUSE;
    input.column = event.x;
    input.row = event.y;
    input.button = event.bstate & BUTTON1_PRESSED   ? ST_MOUSE_PRESS
                   : event.bstate & BUTTON4_PRESSED ? ST_MOUSE_WHEEL_UP
                   : event.bstate & BUTTON5_PRESSED ? ST_MOUSE_WHEEL_DOWN
                                                    : ST_MOUSE_NONE;
    return input;
}
