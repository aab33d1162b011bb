// Giving the terminal back whatever happens: exit, signal or crash.
//
// In C because a signal handler may only call async-signal-safe functions (POSIX.1 2.4.3) and Swift promises that for
// none of its own. Everything here that a handler touches is prepared beforehand: the modes to set, the bytes to send.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include "include/CNcurses.h"

static volatile sig_atomic_t armed;
static int terminal_descriptor = -1;
static struct termios saved_modes;
static bool modes_saved;
static char reset_bytes[512];
static size_t reset_length;

static volatile sig_atomic_t pending;
static volatile sig_atomic_t stops;
static volatile sig_atomic_t ending;
static int wake_descriptor = -1;

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE};
enum { CRASH_SIGNALS = sizeof crash_signals / sizeof *crash_signals };
static struct sigaction earlier[CRASH_SIGNALS];

void st_rescue_arm(int terminal, const char *reset, size_t length) {
    static bool registered;
    if (!registered) {
        registered = true;
        atexit(st_rescue_now);
    }
    terminal_descriptor = terminal;
    if (!modes_saved) modes_saved = tcgetattr(terminal, &saved_modes) == 0;
    reset_length = length < sizeof reset_bytes ? length : sizeof reset_bytes;
    memcpy(reset_bytes, reset, reset_length);
    armed = 1;
}

void st_rescue_disarm(void) { armed = 0; }

void st_rescue_now(void) {
    if (!armed) return;
    armed = 0;
    size_t done = 0;
    while (done < reset_length) {
        ssize_t written = write(terminal_descriptor, reset_bytes + done, reset_length - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) break;
        done += (size_t)written;
    }
    // A process in the background would be stopped by SIGTTOU here; it has no business with the modes then.
    if (modes_saved && tcgetpgrp(terminal_descriptor) == getpgrp()) tcsetattr(terminal_descriptor, TCSANOW, &saved_modes);
}

void st_signal_wake(void) {
    int saved = errno;
    uint64_t one = 1;
    if (wake_descriptor >= 0 && write(wake_descriptor, &one, sizeof one) < 0) {
        // A full counter is readable already: nothing is lost.
    }
    errno = saved;
}

static void on_stop(int number) {
    stops += 1;
    ending = 1;
    // Asked for the third time: the orderly way out is stuck somewhere.
    if (stops > 2) {
        st_rescue_now();
        signal(number, SIG_DFL);
        raise(number);
    }
    if (armed) alarm(1);
    __sync_fetch_and_or(&pending, ST_SIGNAL_STOP);
    st_signal_wake();
}

// A second after the program was asked to end it still holds the screen: the terminal takes nothing. What it would be told
// goes nowhere from now on, so that the way out, which writes to it, is free; the modes are set back first.
static void on_stuck(int number) {
    (void)number;
    if (!armed) return;
    int saved = errno;
    int flags = fcntl(terminal_descriptor, F_GETFL);
    if (flags >= 0) fcntl(terminal_descriptor, F_SETFL, flags | O_NONBLOCK);
    st_rescue_now();
    if (flags >= 0) fcntl(terminal_descriptor, F_SETFL, flags);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0) dup2(null, terminal_descriptor);
    errno = saved;
}

static void on_note(int number) {
    int bit = number == SIGWINCH ? ST_SIGNAL_RESIZE : number == SIGCONT ? ST_SIGNAL_CONTINUE : ST_SIGNAL_SUSPEND;
    __sync_fetch_and_or(&pending, bit);
    st_signal_wake();
}

static void on_crash(int number) {
    st_rescue_now();
    for (int index = 0; index < CRASH_SIGNALS; index++) {
        if (crash_signals[index] != number) continue;
        // Back to whoever was here before us (a crash reporter, or the system), and let it happen again: the faulting
        // instruction repeats on return; a signal sent by someone is sent once more.
        sigaction(number, &earlier[index], NULL);
        raise(number);
        return;
    }
}

static void catch(int number, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    // A call that waits for a slow reader goes on after any signal but one that asks the program to end.
    action.sa_flags = handler == on_stop || handler == on_stuck ? 0 : SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

// Whoever started us may have had signals blocked, and a program cannot be told to stop then.
static void unblock(void) {
    sigset_t set;
    sigfillset(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void st_signals_install(bool crashes) {
    unblock();
    if (wake_descriptor < 0) wake_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    catch(SIGPIPE, SIG_IGN);
    catch(SIGINT, on_stop);
    catch(SIGTERM, on_stop);
    catch(SIGALRM, on_stuck);
    // Ctrl-\ of another terminal, or a user who wants it gone: in order, and not with a crash report over the screen.
    catch(SIGQUIT, on_stop);
    // A program started with nohup keeps ignoring the hang-up.
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) != 0 || hangup.sa_handler != SIG_IGN) catch(SIGHUP, on_stop);
    if (!crashes) return;
    catch(SIGWINCH, on_note);
    catch(SIGTSTP, on_note);
    catch(SIGCONT, on_note);
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    // A stack overflow leaves no stack to handle it on.
    sigaltstack(&alternate, NULL);
    for (int index = 0; index < CRASH_SIGNALS; index++) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = on_crash;
        action.sa_flags = SA_ONSTACK | SA_NODEFER;
        sigemptyset(&action.sa_mask);
        sigaction(crash_signals[index], &action, &earlier[index]);
    }
}

int st_signal_descriptor(void) { return wake_descriptor; }

int st_signal_take(void) {
    uint64_t count;
    if (wake_descriptor >= 0 && read(wake_descriptor, &count, sizeof count) < 0) {
        // Nothing to read: woken by something else.
    }
    return __sync_fetch_and_and(&pending, 0);
}

int st_signal_peek(void) { return pending; }

void st_ending_mark(void) { ending = 1; }

bool st_ending(void) { return ending; }

void st_signal_suspend(void) {
    // SIGSTOP cannot be caught: the whole process group stops, as with Ctrl-Z in a program that does nothing about it.
    kill(0, SIGSTOP);
}

void st_signals_block_in_thread(void) {
    sigset_t set;
    sigemptyset(&set);
    const int numbers[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGALRM, SIGWINCH, SIGTSTP, SIGCONT};
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) sigaddset(&set, numbers[index]);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void st_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

int st_wait_readable(int first, int second, int timeout_ms) {
    struct pollfd descriptors[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
    if (poll(descriptors, 2, timeout_ms) <= 0) return 0;
    // A hang-up is no input: who was there is gone.
    int gone = descriptors[0].revents & (POLLHUP | POLLERR | POLLNVAL) ? 4 : 0;
    return (descriptors[0].revents ? 1 : 0) | (descriptors[1].revents ? 2 : 0) | gone;
}
