import StreamtopBase
import StreamtopModel

/// A player's session with what the flow that carries it tells.
struct SessionRow: Sendable {
    var session: MediaSessionSnapshot
    /// The flow of its newest segment that is still in the table.
    var flow: FlowSnapshot?

    init(_ session: MediaSessionSnapshot, _ context: ViewContext) {
        self.session = session
        let newest = session.segments.reversed().lazy.compactMap { $0.flow }.first { context.flow($0) != nil }
        flow = (newest ?? session.flows.last).flatMap { context.flow($0) }
    }

    var key: UInt64 { UInt64(max(0, session.number)) }

    /// The segments that the eye follows: video, or what there is.
    var mainSegments: [MediaSegment] {
        let video = session.segments.filter { $0.type == .video || $0.type == .muxed }
        if !video.isEmpty { return video }
        let audio = session.segments.filter { $0.type == .audio }
        return audio.isEmpty ? session.segments : audio
    }

    /// What is played now, as far as the newest request tells.
    var playing: MediaRepresentation? { session.representation(mainSegments.last?.representation) }

    /// Median throughput of the newest segments. Own: five, as players take them.
    var throughput: Double? {
        let newest = mainSegments.suffix(5).compactMap(\.throughput).sorted()
        return newest.isEmpty ? nil : newest[newest.count / 2]
    }

    /// Throughput over the bit rate that is played.
    var margin: Double? {
        guard let throughput, let bandwidth = playing?.bandwidth, bandwidth > 0 else { return nil }
        return throughput / Double(bandwidth)
    }

    /// Median spacing of the chunks of the newest segments.
    var chunkInterval: Nanoseconds? {
        var gaps: [Nanoseconds] = []
        for segment in mainSegments.suffix(4) {
            for (first, second) in zip(segment.chunks, segment.chunks.dropFirst()) {
                gaps.append(second.lastByteTime - first.lastByteTime)
            }
        }
        guard !gaps.isEmpty else { return nil }
        return gaps.sorted()[gaps.count / 2]
    }

    var severity: Verdict.Severity? { session.verdicts.map(\.severity).max() }
    var worst: Verdict? { session.verdicts.min { $0.isDisplayedBefore($1) } }

    /// A stall that lasts now.
    var isStalled: Bool { session.buffer?.stalls.last.map { $0.end == nil } ?? false }

    /// The exchange that carried a segment; nil when it is no longer kept.
    func exchange(_ segment: MediaSegment, _ context: ViewContext) -> HTTPExchangeSnapshot? {
        segment.flow.flatMap { context.flow($0) }?.http?.exchanges.first { $0.identifier == segment.exchange }
    }
}
