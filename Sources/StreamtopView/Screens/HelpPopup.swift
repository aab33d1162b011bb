/// Help for the screen one is on, made from the table of keys.
enum HelpPopup {
    static let lineLimit = 80
    private static let keyWidth = 17

    static func size(_ state: ViewState, _ context: ViewContext) -> (width: Int, height: Int) {
        (
            width: min(state.width, isWide(state) ? 118 : 84),
            height: min(lines(state, context).count + 2, max(6, state.height - 2))
        )
    }

    /// Two columns of keys need room for their longest sentences.
    private static func isWide(_ state: ViewState) -> Bool { state.width >= 118 }

    static func draw(scroll: Int, _ state: ViewState, _ context: ViewContext, into cells: inout CellBuffer) {
        let lines = lines(state, context)
        let area = PopupBox.area(state, context)
        let hidden = max(0, lines.count - (area.height - 2))
        let inside = PopupBox.draw(
            area, title: Words.helpTitle, foot: hidden > 0 ? Words.helpFootMore : Words.helpFoot, into: &cells)
        for (row, line) in lines.dropFirst(min(scroll, hidden)).prefix(inside.height).enumerated() {
            cells.put(line, x: inside.x, y: inside.y + row, maxWidth: inside.width)
        }
    }

    private static func lines(_ state: ViewState, _ context: ViewContext) -> [[TextSpan]] {
        var lines: [[TextSpan]] = []
        for scope in ViewReducer.scopes(of: state, context) {
            let entries = KeyBindings.entries(of: scope)
            guard !entries.isEmpty else { continue }
            lines.append([TextSpan(Words.helpScope(scope), .title)])
            lines += columns(entries, isWide: isWide(state))
        }
        lines.append([TextSpan(Words.helpFilterTitle, .title)])
        lines += Words.helpFilterLines.map { [TextSpan("  " + $0, .text)] }
        lines.append([TextSpan(Words.helpSignsTitle, .title)])
        lines += Words.helpSigns.map { [TextSpan("  " + $0, .text)] }
        lines += Words.helpMouse.map { [TextSpan("  " + $0, .muted)] }
        return lines
    }

    /// Two entries a line where there is room; what is too long for half a line has one of its own.
    private static func columns(_ entries: [KeyBinding], isWide: Bool) -> [[TextSpan]] {
        guard isWide else { return entries.map { entry($0, padded: nil) } }
        let isLong = { (binding: KeyBinding) in TextWidth.columns(of: binding.help ?? "") > halfWidth - keyWidth - 3 }
        let short = entries.filter { !isLong($0) }
        let half = (short.count + 1) / 2
        let pairs = (0..<half).map { index in
            entry(short[index], padded: halfWidth)
                + (short.indices.contains(index + half) ? entry(short[index + half], padded: nil) : [])
        }
        return pairs + entries.filter(isLong).map { entry($0, padded: nil) }
    }

    private static let halfWidth = 57

    private static func entry(_ binding: KeyBinding, padded width: Int?) -> [TextSpan] {
        let help = binding.help ?? ""
        let used = 2 + keyWidth + TextWidth.columns(of: help)
        let gap = String(repeating: " ", count: max(0, (width ?? 0) - used))
        let key =
            binding.displayed
            + String(repeating: " ", count: max(1, keyWidth - TextWidth.columns(of: binding.displayed)))
        return [TextSpan("  " + key, .key), TextSpan(help + gap + " ", .text)]
    }
}
