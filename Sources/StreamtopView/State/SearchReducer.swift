import StreamtopModel

/// Looks for a text on whatever is on screen: pages of it are drawn until one holds the text. The filter chooses rows; this
/// finds words, in rows, details and facts alike.
enum SearchReducer {
    /// Own: no list or page is as long in pages of a usual terminal.
    private static let pageLimit = 200
    private static let lengthLimit = 100

    static func begin(_ state: inout ViewState, _ context: ViewContext) { state.searchPrompt = "" }

    static func reduce(_ state: inout ViewState, _ key: Key, _ context: ViewContext) -> [Effect] {
        guard var text = state.searchPrompt else { return [] }
        switch key {
        case .enter:
            state.searchPrompt = nil
            state.search = text
            guard !text.isEmpty else { return [] }
            return find(&state, context, startsHere: true)
        case .escape:
            state.searchPrompt = nil
            state.search = ""
            return []
        case .control("c"): return [.quit]
        case .control("z"): return [.suspend]
        case .control("u"): text = ""
        case .backspace:
            guard !text.isEmpty else {
                state.searchPrompt = nil
                return []
            }
            text.removeLast()
        case .character(let character): if text.count < lengthLimit { text.append(character) }
        case .paste(let pasted):
            text += pasted.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(lengthLimit - text.count)
        default: return []
        }
        state.searchPrompt = text
        return []
    }

    /// The next page that holds the text, round and round.
    static func next(_ state: inout ViewState, _ context: ViewContext) -> [Effect] {
        guard !state.search.isEmpty else {
            begin(&state, context)
            return []
        }
        return find(&state, context, startsHere: false)
    }

    private static func find(_ state: inout ViewState, _ context: ViewContext, startsHere: Bool) -> [Effect] {
        if startsHere, !matches(state, context).isEmpty { return [] }
        var trial = state
        var last = content(trial, context)
        var hasWrapped = false
        for _ in 0..<pageLimit {
            _ = ViewReducer.move(.pageDown, &trial, context)
            var now = content(trial, context)
            if now == last {
                guard !hasWrapped else { break }
                hasWrapped = true
                _ = ViewReducer.move(.first, &trial, context)
                now = content(trial, context)
            }
            if !matches(trial, context).isEmpty {
                state = trial
                return []
            }
            last = now
        }
        ViewReducer.notify(&state, Words.notFound(state.search), severity: .warning, now: context.now)
        return []
    }

    // MARK: What is on screen

    /// The part of the screen that is looked at.
    static func area(_ state: ViewState, _ context: ViewContext) -> Rect {
        guard state.openFlow == nil else { return FlowLayout(state, context).content }
        let layout = PageLayout(state, context)
        return Rect(
            x: 0, y: layout.content.y, width: layout.content.width,
            height: layout.content.height + layout.preview.height)
    }

    private static func content(_ state: ViewState, _ context: ViewContext) -> CellBuffer {
        var plain = state
        // Without the marks of what was found.
        plain.search = ""
        plain.notice = nil
        plain.searchPrompt = nil
        var cells = CellBuffer(width: state.width, height: state.height)
        Frontend.render(context, plain, into: &cells)
        return cells
    }

    private static func matches(_ state: ViewState, _ context: ViewContext) -> [Rect] {
        matches(of: state.search, in: area(state, context), of: content(state, context))
    }

    /// Where a text stands, without regard to case.
    static func matches(of text: String, in area: Rect, of cells: CellBuffer) -> [Rect] {
        let wanted = Array(text.lowercased().unicodeScalars)
        guard !wanted.isEmpty, wanted.count <= area.width else { return [] }
        var found: [Rect] = []
        for y in area.y..<area.bottom {
            let line = (area.x..<area.right).map { lowered(cells[$0, y].scalar) }
            var x = 0
            while x + wanted.count <= line.count {
                if line[x..<(x + wanted.count)].elementsEqual(wanted) {
                    found.append(Rect(x: area.x + x, y: y, width: wanted.count, height: 1))
                    x += wanted.count
                } else {
                    x += 1
                }
            }
        }
        return found
    }

    private static func lowered(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let text = scalar.properties.lowercaseMapping.unicodeScalars
        return text.count == 1 ? text.first ?? scalar : scalar
    }

    /// Marks what is found on a finished screen.
    static func mark(_ state: ViewState, _ context: ViewContext, into cells: inout CellBuffer) {
        guard !state.search.isEmpty, state.popup == nil else { return }
        for position in matches(of: state.search, in: area(state, context), of: cells) {
            cells.recolor(position, .match)
        }
    }
}
