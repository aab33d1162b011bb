import StreamtopBase
import StreamtopModel

/// Turns what the user does into a new state and the effects to carry out.
package enum ViewReducer {
    /// A key, a mouse event or a change of size.
    package static func reduce(_ state: inout ViewState, _ key: Key, in context: ViewContext) -> [Effect] {
        switch key {
        case .resize(let width, let height):
            state.width = width
            state.height = height
            return [.repaint]
        case .character("q"), .control("c"): return [.quit]
        default: return []
        }
    }

    /// A new picture, or time that passed: rows are put in order, selections follow their flows, notices end.
    package static func advance(_ state: inout ViewState, in context: ViewContext) {}

    /// Shows a line to the user for a few seconds, e.g. what became of an effect.
    package static func notify(_ state: inout ViewState, _ text: String, severity: Verdict.Severity, now: Nanoseconds) {
    }
}
