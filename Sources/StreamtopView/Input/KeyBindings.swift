/// The table of keys: what they do, where, and what help says of them. The reducer and the help screen both read it.
struct KeyBinding: Sendable {
    /// Where a key means something.
    enum Scope: Int, CaseIterable, Sendable {
        case everywhere, flows, flow, list, session, groups, handshakes, verdicts, events, host, capture, replay
    }

    var keys: [Key]
    var action: Action
    var scope: Scope
    /// The keys as help shows them; one entry may stand for a pair of actions.
    var displayed: String
    /// nil where the entry before says it already.
    var help: String?
    /// One word for the bottom line of the screen; nil keeps it off there.
    var hint: String?

    init(_ keys: [Key], _ action: Action, _ scope: Scope, _ displayed: String, _ help: String?, hint: String? = nil) {
        self.keys = keys
        self.action = action
        self.scope = scope
        self.displayed = displayed
        self.help = help
        self.hint = hint
    }
}

enum KeyBindings {
    /// What the key means in the first of the places that knows it.
    static func action(for key: Key, in scopes: [KeyBinding.Scope]) -> Action? {
        for scope in scopes {
            if let found = all.first(where: { $0.scope == scope && $0.keys.contains(key) }) { return found.action }
        }
        return nil
    }

    static func entries(of scope: KeyBinding.Scope) -> [KeyBinding] {
        all.filter { $0.scope == scope && $0.help != nil }
    }

    static let all: [KeyBinding] = moving + PageTable.keys + everywhere + table + flow + lists + replay

    private static let moving: [KeyBinding] = [
        KeyBinding(["?", "h", .function(1)], .help, .everywhere, "?  h  F1", Words.helpHelp, hint: Words.hintHelp),
        KeyBinding(
            ["q", .control("c"), .function(10)], .quit, .everywhere, "q  Ctrl-C", Words.helpQuit, hint: Words.hintQuit),
        KeyBinding([.escape, .backspace], .back, .everywhere, "Esc", Words.helpBack),
        KeyBinding([.enter], .open, .everywhere, "Enter", Words.helpOpen),
        KeyBinding(["k", .up], .move(.up), .everywhere, "j k  ↓ ↑", Words.helpMove),
        KeyBinding(["j", .down], .move(.down), .everywhere, "", nil),
        KeyBinding([.pageUp, .control("b")], .move(.pageUp), .everywhere, "PgUp PgDn", Words.helpPage),
        KeyBinding([.pageDown, .control("f")], .move(.pageDown), .everywhere, "", nil),
        KeyBinding([.control("u")], .move(.halfPageUp), .everywhere, "Ctrl-U Ctrl-D", Words.helpHalfPage),
        KeyBinding([.control("d")], .move(.halfPageDown), .everywhere, "", nil),
        KeyBinding(["g", .home], .move(.first), .everywhere, "g G  Home End", Words.helpEnds),
        KeyBinding(["G", .end], .move(.last), .everywhere, "", nil),
        KeyBinding([.tab], .nextTab, .everywhere, "Tab Shift-Tab", Words.helpTabs),
        KeyBinding([.backTab], .previousTab, .everywhere, "", nil),
    ]

    private static let everywhere: [KeyBinding] = [
        KeyBinding(
            ["/", .function(4)], .filter, .everywhere, "/  F4", Words.helpFilter, hint: Words.hintFilter),
        KeyBinding(["f"], .search, .everywhere, "f", Words.helpSearch),
        KeyBinding([.function(3)], .searchNext, .everywhere, "F3", Words.helpSearchNext),
        KeyBinding([" ", "p"], .pause, .everywhere, "Space  p", Words.helpPause, hint: Words.hintPause),
        KeyBinding(["T", .function(2)], .themeMenu, .everywhere, "T  F2", Words.helpTheme),
        KeyBinding(["w"], .writeFlow, .everywhere, "w", Words.helpWrite),
        KeyBinding(["W"], .endRecordings, .everywhere, "W", Words.helpEndRecordings),
        KeyBinding(["c"], .copy, .everywhere, "c", Words.helpCopy),
        KeyBinding([.control("l")], .repaint, .everywhere, "Ctrl-L", Words.helpRepaint),
        KeyBinding([.control("z")], .suspend, .everywhere, "Ctrl-Z", Words.helpSuspend),
    ]

    private static let table: [KeyBinding] = [
        KeyBinding(["s", .function(6)], .sortMenu, .flows, "s  F6", Words.helpSort, hint: Words.hintSort),
        KeyBinding(["S", "r"], .reverseSort, .flows, "S  r", Words.helpReverse),
        KeyBinding(["<"], .sortPrevious, .flows, "< >", Words.helpSortStep),
        KeyBinding([">"], .sortNext, .flows, "", nil),
        KeyBinding(["o"], .columnMenu, .flows, "o", Words.helpColumns),
        KeyBinding(["E"], .exportMenu, .flows, "E", Words.helpExport),
        KeyBinding(["x"], .clearFilter, .flows, "x", Words.helpClearFilter),
        KeyBinding(["t"], .toggleEnded, .flows, "t", Words.helpEnded),
        KeyBinding(["a"], .page(.groups), .flows, "a", Words.helpGroups),
        KeyBinding(["v"], .togglePreview, .flows, "v", Words.helpPreview),
    ]

    private static let flow: [KeyBinding] = [
        KeyBinding(["l", .right], .cursorRight, .flow, "← →", Words.helpCursor, hint: Words.hintCursor),
        KeyBinding([.left], .cursorLeft, .flow, "", nil),
        KeyBinding(["L", .shiftRight], .cursorFarRight, .flow, "Shift-← Shift-→", Words.helpCursorFar),
        KeyBinding(["H", .shiftLeft], .cursorFarLeft, .flow, "", nil),
        KeyBinding([.home, "g"], .cursorStart, .flow, "g G  Home End", Words.helpCursorEnds),
        KeyBinding([.end, "G"], .cursorEnd, .flow, "", nil),
        KeyBinding(["+", "="], .zoomIn, .flow, "+ -", Words.helpZoom, hint: Words.hintZoom),
        KeyBinding(["-"], .zoomOut, .flow, "", nil),
        KeyBinding(["J", "n"], .nextFlow, .flow, "n N", Words.helpNextFlow, hint: Words.hintNextFlow),
        KeyBinding(["K", "N"], .previousFlow, .flow, "", nil),
        KeyBinding(["x"], .copyCommands, .flow, "x", Words.helpCopyCommands, hint: Words.hintCopyCommands),
    ]

    private static let lists: [KeyBinding] = [
        KeyBinding(["l", .right], .cursorRight, .session, "← →", Words.helpCursor, hint: Words.hintCursor),
        KeyBinding([.left], .cursorLeft, .session, "", nil),
        KeyBinding(["L", .shiftRight], .cursorFarRight, .session, "Shift-← Shift-→", Words.helpCursorFar),
        KeyBinding(["H", .shiftLeft], .cursorFarLeft, .session, "", nil),
        KeyBinding(["+", "="], .zoomIn, .session, "+ -", Words.helpZoom, hint: Words.hintZoom),
        KeyBinding(["-"], .zoomOut, .session, "", nil),
        KeyBinding(["x"], .clearFilter, .session, "x", Words.helpClearFilter),
        KeyBinding(["x"], .copyCommands, .host, "x", Words.helpCopyCommands, hint: Words.hintCopyCommands),
        KeyBinding(["a"], .groupNext, .groups, "a", Words.helpGroupNext),
        KeyBinding(["x"], .clearFilter, .groups, "x", Words.helpClearFilter),
        KeyBinding(["x"], .clearFilter, .list, "x", Words.helpClearFilter),
        KeyBinding(["x"], .clearFilter, .handshakes, "x", Words.helpClearFilter),
        KeyBinding(["x"], .clearFilter, .verdicts, "x", Words.helpClearFilter),
    ]

    private static let replay: [KeyBinding] = [
        KeyBinding([",", .left], .seekBack, .replay, ", .  ← →", Words.helpSeek, hint: Words.hintSeek),
        KeyBinding([".", .right], .seekForward, .replay, "", nil),
        KeyBinding(["["], .slower, .replay, "[ ]", Words.helpSpeed, hint: Words.hintSpeed),
        KeyBinding(["]"], .faster, .replay, "", nil),
        KeyBinding(["e"], .step, .replay, "e", Words.helpStep),
        KeyBinding(["0"], .restart, .replay, "0", Words.helpRestart),
        KeyBinding(["R"], .loop, .replay, "R", Words.helpLoop),
    ]
}

extension Key: ExpressibleByUnicodeScalarLiteral {
    package init(unicodeScalarLiteral scalar: Unicode.Scalar) { self = .character(Character(scalar)) }
}
