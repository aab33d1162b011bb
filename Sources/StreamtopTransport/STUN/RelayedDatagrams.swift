import StreamtopBase
import StreamtopWire

/// Datagrams that a relay carries for its client, and those that a byte stream frames, on their way to the flows that they make.
///
/// Copied out of what carried them: they are routed once that was tracked to its end. The storage is kept from frame to frame.
package struct RelayedDatagrams: ~Copyable {
    package struct Datagram: Sendable {
        /// Sent by the client of the flow that carried it.
        package var direction: Direction
        package var time: Timestamp
        /// The address that the relay gave to its client; nil where it was given before the capture began, and in a stream that
        /// only frames, whose ends are those of the datagrams.
        package var local: Endpoint?
        /// nil where the channel was bound before the capture began.
        package var peer: Endpoint?
        /// 0 where there is none.
        package var channel: UInt16
        package var isFramed: Bool
        /// On the wire; fewer bytes are here when the capture cut it.
        package var wireLength: Int
        var start: Int
        var count: Int
    }

    /// In one frame; a segment may bring a hole's worth of stream.
    static let capacity = 1_024
    static let byteCapacity = 1 << 20

    static let limits = [
        Limit("relayed datagrams of a frame", capacity, per: .engine, policy: "more are left out, counted"),
        Limit("bytes of relayed datagrams", byteCapacity, .bytes, per: .engine, policy: "more are left out, counted"),
    ]

    private var datagrams: [Datagram] = []
    private var bytes: [UInt8] = []
    package private(set) var refused: UInt64 = 0

    package init() {}

    package var isEmpty: Bool { datagrams.isEmpty }
    package var count: Int { datagrams.count }
    package subscript(index: Int) -> Datagram { datagrams[index] }

    /// A packet that a stream frames.
    package mutating func append(framed data: RawSpan, from direction: Direction, at time: Timestamp) {
        append(data, wireLength: data.byteCount, from: direction, at: time, local: nil, peer: nil, isFramed: true)
    }

    /// `data` is what was captured of it.
    mutating func append(
        _ data: RawSpan, wireLength: Int, from direction: Direction, at time: Timestamp, local: Endpoint?,
        peer: Endpoint?, channel: UInt16 = 0, isFramed: Bool = false
    ) {
        guard datagrams.count < Self.capacity, bytes.count + data.byteCount <= Self.byteCapacity else {
            refused &+= 1
            return
        }
        let start = bytes.count
        var reader = ByteReader(data)
        bytes += reader.copy(data.byteCount)
        datagrams.append(
            Datagram(
                direction: direction, time: time, local: local, peer: peer, channel: channel, isFramed: isFramed,
                wireLength: max(wireLength, data.byteCount), start: start, count: data.byteCount))
    }

    /// What was captured of one.
    @_lifetime(borrow self)
    package func bytes(of index: Int) -> RawSpan {
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        unsafe bytes.span.bytes.extracting(datagrams[index].start..<(datagrams[index].start + datagrams[index].count))
    }

    /// Forgets them, not the storage.
    package mutating func removeAll() {
        datagrams.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }
}
