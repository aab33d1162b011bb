import StreamtopBase
import StreamtopModel

/// An encrypted connection that nobody could read, by its requests and answers.
package struct EncryptedConnection: Sendable {
    package var flow: FlowIdentifier
    package var client: IPAddress
    package var server: Endpoint
    package var serverName: String?
    package var bursts: [AnswerBurst]

    /// Its packets were told apart by their lengths, not its records: several may make one request, and losses hide in them.
    package var isByPackets: Bool

    /// nil where the flow was read, or shows no answers that could be media.
    package init?(_ flow: borrowing FlowSnapshot) {
        // By its boxes: nearly every flow ends here.
        guard flow.$http == nil else { return nil }
        let quic = flow.$quic
        let tls = flow.$tls
        isByPackets = quic != nil
        if let quic {
            guard !quic.value.isDecrypted, quic.value.bursts.count >= InferredSessions.leastSegments else { return nil }
            bursts = quic.value.bursts
        } else {
            guard let tls, !tls.value.isDecrypted, tls.value.bursts.count >= InferredSessions.leastSegments else {
                return nil
            }
            bursts = tls.value.bursts
        }
        self.flow = flow.identifier
        client = flow.client.endpoint.address
        server = flow.server.endpoint
        serverName = tls?.value.serverName
    }
}

/// Media sessions without a readable manifest or box: answers of some size that come as regularly as segments are made (handbook 5.9).
///
/// Said with low confidence only, and only of what hardly anything else does: many answers of many kilobytes, asked for at an even
/// pace of seconds, that take up a good part of the time between.
package enum InferredSessions {
    static let leastSegments = 5
    /// Lengths of segments that services use.
    static let shortest: Nanoseconds = .milliseconds(900)
    static let longest: Nanoseconds = .seconds(12)
    /// Share of the requests that come at the pace.
    static let regular = 0.7
    static let tolerance = 0.25
    static let leastBytes: UInt64 = 16_384
    static let bulk: UInt64 = 65_536
    /// Share of the time that an answer of less than `bulk` takes up.
    static let spread = 0.3

    package static func sessions(among connections: [EncryptedConnection], after number: Int) -> [MediaSessionSnapshot]
    {
        var groups: [(pace: Nanoseconds, members: [EncryptedConnection])] = []
        for connection in connections {
            var connection = connection
            var found = pace(of: connection.bursts)
            if found == nil {
                // Sound between the pictures, on one connection: the larger of two kinds of answers may come evenly.
                connection.bursts = large(connection.bursts)
                found = pace(of: connection.bursts)
            }
            guard let pace = found else { continue }
            let known = groups.firstIndex { group in
                let first = group.members[0]
                return first.client == connection.client && first.server == connection.server
                    && first.serverName == connection.serverName && group.members.count < 8
                    && abs(group.pace.seconds - pace.seconds) <= tolerance * group.pace.seconds
                    && overlaps(first.bursts, connection.bursts)
            }
            if let known { groups[known].members.append(connection) } else { groups.append((pace, [connection])) }
        }
        return groups.enumerated().map { session($1.members, pace: $1.pace, number: number + $0 + 1) }
    }

    /// Answers of the size of the larger ones.
    private static func large(_ bursts: [AnswerBurst]) -> [AnswerBurst] {
        let sizes = bursts.map(\.bytes).sorted()
        guard sizes.count >= leastSegments else { return [] }
        let size = sizes[sizes.count * 3 / 4]
        return bursts.filter { $0.bytes >= size / 3 }
    }

    /// The even distance between requests, where there is one.
    private static func pace(of bursts: [AnswerBurst]) -> Nanoseconds? {
        guard bursts.count >= leastSegments else { return nil }
        let spans = zip(bursts, bursts.dropFirst()).map { $1.requestTime - $0.requestTime }
        let median = spans.sorted()[spans.count / 2]
        guard (shortest...longest).contains(median) else { return nil }
        let even = spans.filter { abs($0.seconds - median.seconds) <= tolerance * median.seconds }.count
        guard Double(even) >= regular * Double(spans.count) else { return nil }
        let sizes = bursts.map(\.bytes).sorted()
        let size = sizes[sizes.count / 2]
        let lengths = bursts.map { ($0.lastByte ?? $0.requestTime) - ($0.firstByte ?? $0.requestTime) }.sorted()
        let share = Double(lengths[lengths.count / 2]) / Double(median)
        guard size >= bulk || size >= leastBytes && share >= spread else { return nil }
        return median
    }

    private static func overlaps(_ left: [AnswerBurst], _ right: [AnswerBurst]) -> Bool {
        guard let a = left.first, let b = left.last, let c = right.first, let d = right.last else { return false }
        return a.requestTime <= d.requestTime && c.requestTime <= b.requestTime
    }

    private static func session(
        _ members: [EncryptedConnection], pace: Nanoseconds, number: Int
    ) -> MediaSessionSnapshot {
        let bursts = members.flatMap { member in member.bursts.map { (member.flow, $0) } }
            .sorted { ($0.1.requestTime, $0.0) < ($1.1.requestTime, $1.0) }
        let start = bursts.first?.1.requestTime ?? Timestamp(nanoseconds: 0)
        let end = bursts.compactMap { $0.1.lastByte }.max() ?? start
        var session = MediaSessionSnapshot(
            number: number, kind: .dash, start: start, end: end, client: members[0].client)
        session.flows = members.map(\.flow).sorted()
        session.origin = members[0].serverName
        session.isInferred = true
        session.confidence =
            min(
                0.8, 0.5 + (members.count > 1 ? 0.1 : 0) + (members[0].bursts.count >= 10 ? 0.1 : 0))
            - (members.contains(where: \.isByPackets) ? 0.1 : 0)
        for (index, entry) in bursts.enumerated() {
            var segment = MediaSegment(
                exchange: UInt64(index + 1), requestTime: entry.1.requestTime, type: .unknown)
            segment.flow = entry.0
            segment.firstByteTime = entry.1.firstByte
            segment.endTime = entry.1.lastByte ?? entry.1.requestTime
            segment.bytes = entry.1.bytes
            segment.duration = pace.seconds
            segment.isComplete = true
            session.segments.append(segment)
        }
        session.segmentCount = session.segments.count
        return session
    }
}
