import StreamtopBase
import StreamtopModel

/// Sentences of the first line.
enum HeadlineWords {
    /// "client → server:port", by name where one is known.
    static func ends(_ flow: FlowSnapshot) -> String {
        let client = flow.client.name ?? flow.client.endpoint.address.description
        return "\(client) → \(server(flow))"
    }

    static func server(_ flow: FlowSnapshot) -> String {
        guard let name = flow.tls?.serverName ?? flow.server.name else { return "\(flow.server.endpoint)" }
        return flow.server.endpoint.port == 0 ? name : "\(name):\(flow.server.endpoint.port)"
    }

    /// "zero window".
    static func rule(_ name: String) -> String { String(name.map { $0 == "_" ? " " : $0 }) }

    static func age(_ ago: Nanoseconds) -> String {
        let seconds = ago / 1_000_000_000
        return seconds < 120 ? "\(seconds) s ago" : "\(seconds / 60) min ago"
    }

    static func sentence(_ concern: Concern) -> String {
        let position = concern.position.isEmpty ? "" : concern.position + "  "
        let what = "\(rule(concern.verdict.rule)): \(concern.verdict.summary)"
        guard let ago = concern.endedAgo, ago >= Concern.together else { return position + what }
        return "\(position)ended \(age(ago)) · \(what)"
    }

    static func flows(_ count: Int) -> String { FigureText.count(count, "flow", "flows") }

    static func allWell(_ count: Int, queue: LargestQueue?) -> String {
        let sentence = "No fault found in \(flows(count))"
        // Below a millisecond there is none to speak of.
        guard let queue, queue.delay >= .milliseconds(1) else { return sentence + "." }
        return sentence + "; largest queue \(FigureText.time(queue.delay)), \(queue.position)."
    }

    static func pastProblems(_ count: Int, _ last: Concern) -> String {
        return
            "Nothing is wrong now; \(flows(count)) had trouble, the last \(age(last.endedAgo ?? 0)): \(rule(last.verdict.rule))."
    }

    static func queueOfUnknownCause(_ queue: LargestQueue) -> String {
        "No rule fired; largest queue \(FigureText.time(queue.delay)) of \(FigureText.time(queue.roundTrip)), \(queue.position): its cause is not judged."
    }
}
