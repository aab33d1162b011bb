import StreamtopBase
import StreamtopModel

/// What one end sent at one moment of a handshake: an arrow between the lanes.
struct HandshakeArrow: Equatable {
    var from: Direction
    var time: Timestamp
    /// Since the arrow before; nil for the first.
    var gap: Nanoseconds?
    var steps: [HandshakeStep]
    /// Which round trip this arrow ends: an answer that the client waited for. nil for all others.
    var roundTrip: Int?

    /// Bytes of the messages, and whether that is all of them. nil when no size is known. A QUIC packet is not counted
    /// beside the messages in it.
    var bytes: (count: Int, isLeast: Bool)? {
        let messages = steps.count > 1 ? steps.filter { $0.step != .initial } : steps
        let known = messages.compactMap(\.bytes)
        guard !known.isEmpty else { return nil }
        let sum = known.reduce(0) { saturatingSum($0, $1) }
        return (sum, known.count < messages.count)
    }

    private func saturatingSum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    static func == (left: HandshakeArrow, right: HandshakeArrow) -> Bool {
        left.from == right.from && left.time == right.time && left.gap == right.gap && left.steps == right.steps
            && left.roundTrip == right.roundTrip
    }

    /// The arrows of a flow in order of time; messages of one end at one moment share an arrow.
    static func all(of flow: FlowSnapshot) -> [HandshakeArrow] {
        guard let security = flow.security else { return [] }
        var arrows: [HandshakeArrow] = []
        for step in security.handshake.timeline {
            if let last = arrows.indices.last, arrows[last].from == step.from, arrows[last].time == step.time {
                arrows[last].steps.append(step)
                continue
            }
            let gap = arrows.last.map { step.time - $0.time }
            arrows.append(HandshakeArrow(from: step.from, time: step.time, gap: gap, steps: [step]))
        }
        number(&arrows, client: flow.securityClient, until: flow.handshakeCost?.clientMaySend)
        return arrows
    }

    /// A round trip ends with the first thing the server sends after the client did, as long as the client waits.
    private static func number(_ arrows: inout [HandshakeArrow], client: Direction, until end: Timestamp?) {
        var count = 0
        var isWaiting = false
        for index in arrows.indices {
            if arrows[index].from == client {
                isWaiting = true
            } else if isWaiting, end.map({ arrows[index].time <= $0 }) ?? true {
                count += 1
                arrows[index].roundTrip = count
                isWaiting = false
            }
        }
    }
}
