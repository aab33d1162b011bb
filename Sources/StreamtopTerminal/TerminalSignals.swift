import CNcurses

/// Signals as values, for programs with and without a screen. The handlers themselves are in C (decision 0040).
package enum TerminalSignals {
    /// What was asked of the process since the last look.
    package struct Taken: OptionSet, Sendable {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        /// INT, TERM, QUIT or HUP: finish in order. The third one ends the process at once.
        package static let stop = Taken(rawValue: 1)
        package static let resize = Taken(rawValue: 2)
        package static let suspend = Taken(rawValue: 4)
        package static let resume = Taken(rawValue: 8)
    }

    /// From now on INT, TERM, QUIT and HUP are taken by `take()`, and PIPE is an error of `write` only.
    package static func install() {
        st_signals_install(false)
    }

    package static func take() -> Taken {
        Taken(rawValue: st_signal_take())
    }

    /// Whether the process was asked to finish; cheap enough to ask for every batch.
    package static var isStopPending: Bool {
        Taken(rawValue: st_signal_peek()).contains(.stop)
    }

    /// Whether the program was ever asked to end, by a signal or by `markEnding`: who waits for others waits no longer
    /// than it must. Callable from any thread.
    package static var isEnding: Bool { st_ending() }

    /// The user asked the program to end.
    package static func markEnding() { st_ending_mark() }

    /// Waits until a signal comes, `wake()` is called or the time is over.
    package static func wait(milliseconds: Int32) {
        _ = st_wait_readable(st_signal_descriptor(), -1, milliseconds)
    }

    /// Ends a `wait` of another thread; callable from any thread.
    package static func wake() {
        st_signal_wake()
    }

    /// Keeps signals away from the calling thread, so that the one that waits for them gets them.
    package static func blockInThisThread() {
        st_signals_block_in_thread()
    }

    /// Names the calling thread for `ps` and debuggers; 15 bytes at most count.
    package static func nameThisThread(_ name: String) { unsafe st_thread_name(name) }
}
