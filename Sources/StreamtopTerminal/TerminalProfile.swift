import CNcurses
import StreamtopView

/// What the terminal in front of the user can do, and under which name it is opened.
package struct TerminalProfile: Equatable, Sendable {
    /// Terminal description to open; TERM, or its variant with 24-bit colours.
    package var name: String
    package var depth: ColorDepth
    /// The locale writes UTF-8, so braille and box characters can be shown.
    package var isUnicode: Bool
    /// The console of the kernel: its fonts have 256 or 512 characters, braille and fine blocks not among them.
    package var isConsole: Bool { name == "linux" || name.hasPrefix("linux-") }

    package init(name: String, depth: ColorDepth, isUnicode: Bool) {
        self.name = name
        self.depth = depth
        self.isUnicode = isUnicode
    }

    /// Reads the description of the terminal; nil when TERM names none.
    ///
    /// - Parameters:
    ///   - type: the value of TERM.
    ///   - colorTerm: the value of COLORTERM, by which terminals announce 24-bit colour whatever TERM says.
    ///   - monochrome: no colours wanted (`--no-color`, `NO_COLOR`).
    package init?(type: String, colorTerm: String, monochrome: Bool) {
        self.init(
            type: type, colorTerm: colorTerm, monochrome: monochrome, isUnicode: st_locale_is_utf8(),
            colors: { name in
                let colors = unsafe name.withCString { unsafe st_terminal_colors($0) }
                return colors < 0 ? nil : Int(colors)
            })
    }

    /// The same with the terminal descriptions given: `colors` tells how many colours a named one has, nil for unknown.
    package init?(
        type: String, colorTerm: String, monochrome: Bool, isUnicode: Bool, colors: (String) -> Int?
    ) {
        guard !type.isEmpty, let ownColors = colors(type) else { return nil }
        self.isUnicode = isUnicode
        name = type
        depth = TerminalProfile.depth(ofColors: ownColors)
        let announced = colorTerm == "truecolor" || colorTerm == "24bit"
        // curses paints 24-bit colours only for terminals described as "direct"; changing the palette of the user's
        // terminal, the other way, outlives the program.
        if announced, depth == .palette256, let direct = TerminalProfile.directNames[type],
            let directColors = colors(direct), TerminalProfile.depth(ofColors: directColors) == .trueColor
        {
            name = direct
            depth = .trueColor
        }
        if monochrome { depth = .mono }
    }

    private static let directNames = [
        "xterm-256color": "xterm-direct2", "xterm": "xterm-direct2", "tmux-256color": "tmux-direct",
    ]

    private static func depth(ofColors colors: Int) -> ColorDepth {
        switch colors {
        case 0x100_0000...: .trueColor
        case 256...: .palette256
        case 16...: .palette16
        case 8...: .palette8
        default: .mono
        }
    }
}
