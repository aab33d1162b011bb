/// The first line of the dashboard: the one thing to know now, or that nothing can be said.
///
/// Diagnosis decides it, JSON prints it and the screen draws it, so that the three never differ.
package struct Headline: Equatable, Sendable {
    package enum State: String, Sendable {
        /// No flow failed, no queue is large, nothing is withheld, and there was something to judge.
        case ok
        case watch
        case act
        /// Nothing is known to be wrong, and not everything could be judged; the text says what.
        case unknown
    }

    package var state: State
    /// The verdict that it rests on; nil when there is none.
    package var rule: String?
    /// The flow that it names; nil when it speaks of several or of the capture.
    package var flow: FlowIdentifier?
    /// The sentence.
    package var text: String
    /// What to do; empty when there is nothing.
    package var advice: String

    package init(
        state: State, rule: String? = nil, flow: FlowIdentifier? = nil, text: String, advice: String = ""
    ) {
        self.state = state
        self.rule = rule
        self.flow = flow
        self.text = text
        self.advice = advice
    }
}
