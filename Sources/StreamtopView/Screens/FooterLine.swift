import StreamtopModel

/// The last line: what to press, or the prompt, or what just happened.
enum FooterLine {
    static func draw(_ context: ViewContext, _ state: ViewState, in area: Rect, into cells: inout CellBuffer) {
        guard area.height > 0 else { return }
        cells.fill(area, " ", .text, ground: .bar)
        if let text = state.searchPrompt {
            var x = area.x + 1
            x += cells.put("f ", x: x, y: area.y, .key)
            x += cells.put(String(text.suffix(max(8, area.width / 2))), x: x, y: area.y, .input)
            cells.put("█", x: x, y: area.y, .accent)
            cells.putRight(
                Words.searchHints, right: area.right - 1, y: area.y, .muted, maxWidth: max(0, area.right - x - 4))
        } else if let prompt = state.prompt {
            drawPrompt(prompt, context, rows: state.table.rows.count, in: area, &cells)
        } else if let notice = state.notice {
            let role = notice.severity == .info ? StyleRole.accent : Words.severityRole(notice.severity)
            cells.put(notice.text, x: area.x + 1, y: area.y, role, maxWidth: area.width - 2)
        } else {
            drawHints(context, state, in: area, &cells)
        }
    }

    /// A hint at its place; a click on it does what its key does.
    struct Hint {
        var key: String
        var text: String
        var action: Action
        var x: Int
        var range: Range<Int> { x..<(x + TextWidth.columns(of: key) + 1 + TextWidth.columns(of: text)) }
    }

    /// The hints that fit, from the left.
    static func hints(_ context: ViewContext, _ state: ViewState, in area: Rect) -> [Hint] {
        let isOpen = state.openFlow != nil
        var all = [
            Hint(
                key: isOpen ? "Esc" : "Enter", text: isOpen ? Words.hintBack : Words.hintOpen,
                action: isOpen ? .back : .open, x: 0)
        ]
        for scope in ViewReducer.scopes(of: state, context) {
            for binding in KeyBindings.all where binding.scope == scope {
                guard let text = binding.hint, isOfUse(binding.action, state) else { continue }
                all.append(Hint(key: shortKey(binding), text: text, action: binding.action, x: 0))
            }
        }
        if context.recordings.count > 0 {
            all.insert(Hint(key: "W", text: Words.hintEndRecordings, action: .endRecordings, x: 0), at: 0)
        }
        // Help must be reachable on the narrowest screen.
        all = all.filter { $0.action == .help } + all.filter { $0.action != .help }
        var fitting: [Hint] = []
        var x = area.x + 1
        for var hint in all {
            hint.x = x
            guard hint.range.upperBound < area.right else { break }
            x = hint.range.upperBound + 2
            fitting.append(hint)
        }
        return fitting
    }

    /// Keys of time do nothing on a tab that scrolls, and only a ladder has commands to copy.
    private static func isOfUse(_ action: Action, _ state: ViewState) -> Bool {
        guard let tab = state.openFlow?.tab else { return true }
        return switch action {
        case .cursorRight, .zoomIn: tab.isTimeline
        case .copyCommands: tab == LadderTab.tab
        default: true
        }
    }

    private static func drawHints(
        _ context: ViewContext, _ state: ViewState, in area: Rect, _ cells: inout CellBuffer
    ) {
        for hint in hints(context, state, in: area) {
            let width = cells.put(hint.key, x: hint.x, y: area.y, .key)
            cells.put(hint.text, x: hint.x + width + 1, y: area.y, .keyText)
        }
    }

    /// Of several ways to press it the first: a key, or a pair of keys for a pair of actions.
    private static func shortKey(_ binding: KeyBinding) -> String {
        let keys = binding.displayed.split(separator: " ", omittingEmptySubsequences: false)
        return keys.prefix { !$0.isEmpty }.joined(separator: " ")
    }

    private static func drawPrompt(
        _ prompt: FilterPrompt, _ context: ViewContext, rows: Int, in area: Rect, _ cells: inout CellBuffer
    ) {
        var x = area.x + 1
        x += cells.put("/", x: x, y: area.y, .key)
        let error = prompt.error.map { "  " + $0.message } ?? ""
        let available = max(12, area.width - 4 - TextWidth.columns(of: error))
        // The end of a long text is where one types.
        let text = TextWidth.columns(of: prompt.text) > available ? String(prompt.text.suffix(available)) : prompt.text
        let start = x
        x += cells.put(text, x: x, y: area.y, .input, maxWidth: available)
        if let position = prompt.error?.position {
            let column = start + max(0, min(position - (prompt.text.count - text.count), text.count - 1))
            if !text.isEmpty {
                cells.recolor(Rect(x: column, y: area.y, width: max(1, x - column), height: 1), .inputError)
            }
        }
        cells.put("█", x: x, y: area.y, .accent)
        cells.put(error, x: x + 1, y: area.y, .act, maxWidth: max(0, area.right - x - 2))
        guard prompt.error == nil else { return }
        let passing = prompt.text.isEmpty ? "" : Words.passing(rows, context.snapshot.flows.count) + "   "
        cells.putRight(
            passing + Words.promptHints, right: area.right - 1, y: area.y, .muted, maxWidth: max(0, area.right - x - 4))
    }

    /// What the last word may become, in a line above the prompt.
    static func drawCandidates(_ prompt: FilterPrompt, _ context: ViewContext, y: Int, into cells: inout CellBuffer) {
        let area = Rect(x: 0, y: y, width: cells.width, height: 1)
        cells.fill(area, " ", .text, ground: .popup)
        let candidates = FilterCompletion.candidates(for: prompt.text, in: context.snapshot)
        var x = 2
        for (index, candidate) in candidates.enumerated() {
            let width = TextWidth.columns(of: candidate)
            guard x + width + 2 < area.right else {
                cells.put("…", x: x, y: y, .muted)
                break
            }
            x += cells.put(candidate, x: x, y: y, index == 0 ? .match : .label, maxWidth: 60) + 2
        }
        if candidates.isEmpty { cells.put(Words.noCandidates, x: 2, y: y, .muted) }
    }
}
