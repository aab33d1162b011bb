/// A colour as a terminal can be asked for it.
package enum Color: Hashable, Sendable {
    /// The terminal's own foreground or background.
    case `default`
    /// 0 to 15 the terminal's palette, 16 to 255 the fixed xterm cube and greys.
    case indexed(UInt8)
    case rgb(red: UInt8, green: UInt8, blue: UInt8)
}

/// Everything the terminal needs to draw a character.
package struct Style: Hashable, Sendable {
    package var foreground: Color
    package var background: Color
    package var attributes: Attributes

    package init(foreground: Color = .default, background: Color = .default, attributes: Attributes = []) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }
}

package struct Attributes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let bold = Attributes(rawValue: 1)
    package static let dim = Attributes(rawValue: 2)
    package static let italic = Attributes(rawValue: 4)
    package static let underline = Attributes(rawValue: 8)
    package static let reverse = Attributes(rawValue: 16)
}

/// How many colours the terminal has. Chosen by the caller from the terminal's description, `COLORTERM`, `NO_COLOR`
/// and the command line.
package enum ColorDepth: String, Sendable, CaseIterable {
    case trueColor = "truecolor"
    case palette256 = "256"
    case palette16 = "16"
    /// The eight of ECMA-48: what TERM=xterm, screen and linux name.
    case palette8 = "8"
    case mono
}
