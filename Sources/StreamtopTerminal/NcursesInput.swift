import CNcurses
import StreamtopView

/// Turns what curses reports into the keys of the view.
struct NcursesInput {
    /// The last press, for telling a double click: terminals do not.
    private var lastPress: (x: Int, y: Int, time: ContinuousClock.Instant)?

    /// Read too far: what comes before anything else.
    private var waiting: st_input?

    private static let doubleClickTime: Duration = .milliseconds(350)

    /// The next key without waiting; nil when there is none left.
    mutating func next(at time: ContinuousClock.Instant) -> Key? {
        while true {
            let input = waiting ?? st_input_next()
            waiting = nil
            switch Int(input.kind) {
            case ST_INPUT_NONE: return nil
            case ST_INPUT_TEXT where input.code == 0x1b:
                if let key = escape() { return key }
            case ST_INPUT_TEXT:
                if let key = NcursesInput.key(scalar: input.code) { return key }
            case ST_INPUT_MOUSE:
                if let key = mouse(input, at: time) { return key }
            default:
                if let key = NcursesInput.key(code: Int32(truncatingIfNeeded: input.code)) { return key }
            }
        }
    }

    /// Escape, or the sequence that it begins.
    private mutating func escape() -> Key? {
        let outcome = EscapeSequence.decode {
            guard waiting == nil else { return nil }
            let input = st_input_next()
            guard Int(input.kind) == ST_INPUT_TEXT else {
                // A key that curses knows, or nothing: the sequence is over.
                if Int(input.kind) != ST_INPUT_NONE { waiting = input }
                return nil
            }
            return input.code
        }
        switch outcome {
        case .key(let key): return key
        case .swallowed: return nil
        case .escape(let next):
            if let next { waiting = st_input(kind: Int32(ST_INPUT_TEXT), code: next, column: 0, row: 0, button: 0) }
            return .escape
        }
    }

    /// A typed character. Control characters are keys of their own.
    static func key(scalar code: UInt32) -> Key? {
        switch code {
        case 0x09: return .tab
        case 0x0a, 0x0d: return .enter
        case 0x1b: return .escape
        case 0x08, 0x7f: return .backspace
        case 0x01...0x1a:
            // Control characters are the letters less 0x40; in lower case, less 0x60.
            return Unicode.Scalar(code + 0x60).map { .control(Character($0)) }
        case 0..<0x20: return nil
        default: return Unicode.Scalar(code).map { .character(Character($0)) }
        }
    }

    /// A key that terminals send as a sequence.
    static func key(code: Int32) -> Key? {
        switch code {
        case KEY_UP, KEY_SR: .up
        case KEY_DOWN, KEY_SF: .down
        case KEY_LEFT: .left
        case KEY_RIGHT: .right
        case KEY_SLEFT: .shiftLeft
        case KEY_SRIGHT: .shiftRight
        case KEY_PPAGE: .pageUp
        case KEY_NPAGE: .pageDown
        case KEY_HOME: .home
        case KEY_END: .end
        case KEY_ENTER: .enter
        case KEY_BTAB: .backTab
        case KEY_BACKSPACE: .backspace
        case KEY_IC: .insert
        case KEY_DC: .delete
        case (KEY_F0 + 1)...(KEY_F0 + 12): .function(Int(code - KEY_F0))
        default: nil
        }
    }

    private mutating func mouse(_ input: st_input, at time: ContinuousClock.Instant) -> Key? {
        let x = Int(input.column)
        let y = Int(input.row)
        switch Int(input.button) {
        case ST_MOUSE_WHEEL_UP: return .mouse(MouseEvent(x: x, y: y, kind: .wheelUp))
        case ST_MOUSE_WHEEL_DOWN: return .mouse(MouseEvent(x: x, y: y, kind: .wheelDown))
        case ST_MOUSE_PRESS:
            let isSecond =
                lastPress.map {
                    $0.x == x && $0.y == y && $0.time.duration(to: time) < NcursesInput.doubleClickTime
                } ?? false
            lastPress = isSecond ? nil : (x, y, time)
            return .mouse(MouseEvent(x: x, y: y, kind: isSecond ? .doubleClick : .press))
        default: return nil
        }
    }
}
