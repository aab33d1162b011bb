import StreamtopBase
import StreamtopWire

/// What the flows of one engine know together of media: reports about streams, and streams by their source.
package struct MediaTables: ~Copyable {
    package var sources: RTCPSourceTable
    var streams: RTPStreamTable
    var legs = RTPLegTable()
    /// What signalling says of media.
    package var descriptions = MediaDescriptions()

    package init(capacity: Int = 4_096) {
        sources = RTCPSourceTable(capacity: capacity)
        streams = RTPStreamTable(capacity: capacity)
    }

    /// Looks for streams that carry others on; about once a second.
    package mutating func search(at time: Timestamp) { legs.search(at: time) }

    package var evicted: UInt64 { sources.evicted &+ streams.evicted }
}

/// Streams that are under way, whatever flow they are in: a call that changes its path (ICE, RFC 8445) goes on in another
/// flow with the same source and the next number. Bounded: the oldest goes first.
struct RTPStreamTable: ~Copyable {
    /// Own: longer than any pause of a moving call that keeps its consent (RFC 7675: 30 s would end it).
    private static let longestPause: Nanoseconds = .seconds(10)

    private let capacity: Int
    private var streams: [UInt32: RTPStream] = [:]
    private var order: [UInt32] = []
    private var head = 0
    private(set) var evicted: UInt64 = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func enter(_ stream: RTPStream) {
        let isNew = streams.updateValue(stream, forKey: stream.state.source) == nil
        guard isNew else { return }
        order.append(stream.state.source)
        guard streams.count > capacity else { return }
        streams[order[head]] = nil
        head += 1
        evicted &+= 1
        if head > 1_024, head * 2 > order.count {
            order.removeFirst(head)
            head = 0
        }
    }

    /// The stream that this packet of another flow carries on. One that is forwarded (an SFU keeps numbers) is not meant:
    /// there the same number has been seen already.
    func continued(by header: RTPHeader, at time: Timestamp) -> RTPStream? {
        guard let stream = streams[header.source], stream.state.payloadTypes.contains(header.payloadType),
            time - stream.state.lastArrival < Self.longestPause
        else { return nil }
        let step = stream.state.sequence.extended(header.sequence) - stream.state.sequence.highest
        let advance = header.timestamp.distance(after: stream.state.lastMediaTimestamp)
        return (1...64).contains(step) && abs(Int64(advance)) <= 900_000 ? stream : nil
    }
}
