import StreamtopTerminal
import StreamtopView
import Testing

@Suite struct TerminalProfileTests {
    /// Descriptions as Debian has them.
    private static let colors: [String: Int] = [
        "xterm": 8, "xterm-256color": 256, "xterm-direct2": 0x100_0000, "tmux-256color": 256, "tmux-direct": 0x100_0000,
        "linux": 8, "vt100": 0, "screen-256color": 256, "xterm-16color": 16, "xterm-direct": 0x100_0000,
    ]

    private func profile(
        _ type: String, colorTerm: String = "", monochrome: Bool = false, without missing: String = ""
    ) -> TerminalProfile? {
        TerminalProfile(type: type, colorTerm: colorTerm, monochrome: monochrome, isUnicode: true) { name in
            name == missing ? nil : Self.colors[name]
        }
    }

    @Test(arguments: [
        ("vt100", ColorDepth.mono), ("linux", .palette8), ("xterm", .palette8), ("xterm-16color", .palette16),
        ("xterm-256color", .palette256), ("xterm-direct", .trueColor),
    ])
    func depthIsThatOfTheDescription(_ type: String, _ depth: ColorDepth) {
        #expect(profile(type) == TerminalProfile(name: type, depth: depth, isUnicode: true))
    }

    @Test(arguments: ["truecolor", "24bit"])
    func announcedColoursNeedADescriptionThatPaintsThem(_ announced: String) {
        #expect(profile("xterm-256color", colorTerm: announced)?.name == "xterm-direct2")
        #expect(profile("xterm-256color", colorTerm: announced)?.depth == .trueColor)
        #expect(profile("tmux-256color", colorTerm: announced)?.name == "tmux-direct")
        // Without it, or for a terminal we know nothing of, the palette must do.
        #expect(profile("xterm-256color", colorTerm: announced, without: "xterm-direct2")?.depth == .palette256)
        #expect(profile("screen-256color", colorTerm: announced)?.depth == .palette256)
        // A terminal of 8 colours that announces more is not believed: TERM was set on purpose.
        #expect(profile("linux", colorTerm: announced)?.depth == .palette8)
    }

    @Test func otherAnnouncementsMeanNothing() {
        #expect(profile("xterm-256color", colorTerm: "yes")?.depth == .palette256)
    }

    @Test func monochromeWins() {
        #expect(profile("xterm-256color", colorTerm: "truecolor", monochrome: true)?.depth == .mono)
    }

    @Test func unknownTerminalsHaveNone() {
        #expect(profile("") == nil)
        #expect(profile("no-such-terminal") == nil)
    }

    /// The real descriptions of this machine: what is asked of them is answered.
    @Test func realDescriptionsAreRead() {
        #expect(TerminalProfile(type: "xterm", colorTerm: "", monochrome: false)?.name == "xterm")
        #expect(TerminalProfile(type: "no-such-terminal", colorTerm: "", monochrome: false) == nil)
    }
}
