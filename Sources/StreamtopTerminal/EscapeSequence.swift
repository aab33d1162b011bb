import StreamtopView

/// What follows an escape character when curses does not know the sequence: read whole and taken or swallowed, so that
/// none of its characters is taken for a key.
///
/// Forms of ECMA-48 section 5.4 (CSI: parameters, intermediates, a final byte) and 5.6 (control strings), and SS3 with its one
/// character.
enum EscapeSequence {
    enum Outcome: Equatable {
        case key(Key)
        case swallowed
        /// Escape alone: nothing followed, or something that is a key of its own.
        case escape(then: UInt32?)
    }

    /// No sequence is longer; what goes on beyond it is not one.
    private static let lengthLimit = 64
    /// Pasted text beyond this is dropped.
    private static let pasteLimit = 4_096

    /// - Parameter next: the next character without waiting; nil when none is left.
    static func decode(_ next: () -> UInt32?) -> Outcome {
        switch next() {
        case nil: .escape(then: nil)
        case 0x5b: controlSequence(next)
        case 0x4f: next().map(singleShift) ?? .swallowed
        case 0x50, 0x5d, 0x5e, 0x5f: controlString(next)
        case let other?: .escape(then: other)
        }
    }

    private static func controlSequence(_ next: () -> UInt32?) -> Outcome {
        var parameters = ""
        for _ in 0..<lengthLimit {
            guard let code = next() else { return .swallowed }
            switch code {
            case 0x20...0x3f: parameters.unicodeScalars.append(Unicode.Scalar(code) ?? " ")
            case 0x40...0x7e:
                if code == 0x7e, parameters == "200" { return .key(.paste(pasted(next))) }
                return key(parameters, final: code)
            default: return .swallowed
            }
        }
        return .swallowed
    }

    /// Keys that descriptions of terminals disagree on.
    private static func key(_ parameters: String, final: UInt32) -> Outcome {
        switch (parameters, Unicode.Scalar(final)) {
        case ("1", "~"), ("7", "~"), ("", "H"): .key(.home)
        case ("4", "~"), ("8", "~"), ("", "F"): .key(.end)
        case ("2", "~"): .key(.insert)
        case ("3", "~"): .key(.delete)
        case ("5", "~"): .key(.pageUp)
        case ("6", "~"): .key(.pageDown)
        case ("", "A"): .key(.up)
        case ("", "B"): .key(.down)
        case ("", "C"): .key(.right)
        case ("", "D"): .key(.left)
        case ("1;2", "C"): .key(.shiftRight)
        case ("1;2", "D"): .key(.shiftLeft)
        case ("", "Z"): .key(.backTab)
        default: .swallowed
        }
    }

    private static func singleShift(_ code: UInt32) -> Outcome {
        switch Unicode.Scalar(code) {
        case "H": .key(.home)
        case "F": .key(.end)
        case "M": .key(.enter)
        case "P": .key(.function(1))
        case "Q": .key(.function(2))
        case "R": .key(.function(3))
        case "S": .key(.function(4))
        default: key("", final: code)
        }
    }

    /// A control string ends with BEL or ST (ESC \).
    private static func controlString(_ next: () -> UInt32?) -> Outcome {
        while let code = next(), code != 0x07 {  // ends with the input
            if code == 0x1b {
                _ = next()
                break
            }
        }
        return .swallowed
    }

    /// Text up to the mark at its end (ESC [ 201 ~) or the end of what is there.
    private static func pasted(_ next: () -> UInt32?) -> String {
        let mark = "\u{1b}[201~".unicodeScalars
        var text = String.UnicodeScalarView()
        var tail: [Unicode.Scalar] = []
        while let code = next() {  // ends with the input
            guard let scalar = Unicode.Scalar(code) else { continue }
            tail.append(scalar)
            if tail.elementsEqual(mark) { return String(text) }
            // What cannot become the mark any more is text.
            while !tail.isEmpty, !mark.starts(with: tail) {
                let first = tail.removeFirst()
                if text.count < pasteLimit { text.append(first) }
            }
        }
        return String(text)
    }
}
