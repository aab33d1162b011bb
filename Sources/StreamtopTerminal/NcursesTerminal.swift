import CNcurses
import StreamtopBase
import StreamtopView

/// Why no screen could be taken.
package enum TerminalError: Error, Equatable {
    /// The terminal type is unknown or cannot place the cursor.
    case unsupported(type: String)
}

/// The terminal as a screen. Taking the screen and giving it back is the life of the value: one at a time, on one
/// thread; crashes and exits give it back too (`TerminalSignals`, decision 0040).
package struct NcursesTerminal: ~Copyable {
    private var painter: NcursesPainter
    private var input = NcursesInput()
    private let keyDescriptor: Int32
    /// The window or the connection was closed: no key will come. A program that ignores hang-ups is told of it by nothing
    /// else.
    package private(set) var isGone = false

    /// Takes the screen.
    ///
    /// - Parameters:
    ///   - keys: descriptor that keys are read from: standard input, or /dev/tty when that carries a capture.
    package init(
        profile: TerminalProfile, styles: StyleTable, keys: Int32, mouse: Bool
    ) throws(TerminalError) {
        st_signals_install(true)
        let isOpen = unsafe profile.name.withCString { unsafe st_screen_open($0, keys, mouse) }
        guard isOpen else { throw .unsupported(type: profile.name) }
        keyDescriptor = keys
        painter = NcursesPainter(styles: styles)
    }

    deinit {
        st_screen_close()
    }

    /// Columns and rows.
    package var size: (width: Int, height: Int) {
        var columns: Int32 = 0
        var rows: Int32 = 0
        unsafe st_screen_size(&columns, &rows)
        return (Int(columns), Int(rows))
    }

    package mutating func adopt(_ styles: StyleTable) {
        painter.adopt(styles)
    }

    package mutating func paint(_ buffer: CellBuffer) {
        painter.paint(buffer)
    }

    /// Paints everything anew with the next buffer, as after another program wrote over the screen.
    package mutating func redraw() {
        painter.forget()
    }

    /// Waits for keys or signals, at most so long. Returns at once what is there already.
    package mutating func wait(milliseconds: Int32) {
        isGone = st_wait_readable(keyDescriptor, st_signal_descriptor(), milliseconds) & 4 != 0
    }

    /// The next key without waiting; nil when there is none left.
    package mutating func nextKey() -> Key? {
        input.next(at: .now)
    }

    /// Takes over the size the terminal has now; nil when it did not change.
    package mutating func adoptSize() -> Key? {
        guard st_screen_resize() else { return nil }
        painter.forget()
        return .resize(width: size.width, height: size.height)
    }

    /// Hands text, in base64, to the terminal's clipboard; false when it has none.
    package mutating func copy(_ base64: String) -> Bool {
        unsafe base64.withCString { unsafe st_screen_copy($0) }
    }

    /// Gives the screen back, stops the process as Ctrl-Z does, and takes the screen again when it is continued.
    package mutating func suspend() {
        st_screen_leave()
        st_signal_suspend()
        st_screen_return()
        painter.forget()
    }
}
