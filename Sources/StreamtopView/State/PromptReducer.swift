import StreamtopModel

/// Keys while a filter is typed. The filter acts as it is typed; a text that does not work leaves the last one in force.
enum PromptReducer {
    static func reduce(_ state: inout ViewState, _ key: Key, _ context: ViewContext) -> [Effect] {
        guard var prompt = state.prompt else { return [] }
        switch key {
        case .enter:
            if prompt.error == nil { state.prompt = nil }
            return []
        case .escape:
            ViewReducer.setFilter(prompt.before, &state, context)
            state.prompt = nil
            return []
        case .control("c"): return [.quit]
        case .control("z"): return [.suspend]
        case .control("u"): prompt.text = ""
        case .control("w"):
            while prompt.text.last == " " { prompt.text.removeLast() }
            while let last = prompt.text.last, last != " " { prompt.text.removeLast(1) }
        case .backspace:
            if prompt.text.isEmpty {
                state.prompt = nil
                return []
            }
            prompt.text.removeLast()
        case .tab: prompt.text = FilterCompletion.completed(prompt.text, in: context.snapshot)
        case .character(let character):
            if prompt.text.count < FilterParser.lengthLimit { prompt.text.append(character) }
        case .paste(let text):
            let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
            prompt.text += line.prefix(max(0, FilterParser.lengthLimit - prompt.text.count))
        case .up, .down, .pageUp, .pageDown:
            // The list stays in reach while one types.
            let movement: Action.Movement =
                key == .up ? .up : key == .down ? .down : key == .pageUp ? .pageUp : .pageDown
            return ViewReducer.move(movement, &state, context)
        default: return []
        }
        do {
            _ = try FilterParser.parse(prompt.text)
            prompt.error = nil
        } catch {
            prompt.error = error
        }
        state.prompt = prompt
        if prompt.error == nil { ViewReducer.setFilter(prompt.text, &state, context) }
        return []
    }
}
