import StreamtopBase
import StreamtopLayer

/// The byte streams of a TCP connection, for flows of which somebody reads them.
package struct TCPStreams: ~Copyable, Sendable {
    private var client: TCPStreamAssembler
    private var server: TCPStreamAssembler

    /// - Parameters:
    ///   - start: sequence number of the first byte of the direction in which reading begins.
    ///   - other: the same of the other direction, where it is known.
    package init(from direction: Direction, start: UInt32, other: UInt32?) {
        client = TCPStreamAssembler(start: direction == .fromClient ? start : other)
        server = TCPStreamAssembler(start: direction == .fromServer ? start : other)
    }

    /// Memory that they take, with the segments held.
    package var heldBytes: Int { MemoryLayout<Self>.stride + client.footprint + server.footprint }

    /// Forgets the segments held, for want of memory: they become gaps.
    package mutating func releaseHeldBytes() {
        client.release()
        server.release()
    }

    /// A segment arrived; its payload is handed on by `deliver`.
    package mutating func offer(_ payload: RawSpan, sequence: UInt32, length: Int, from direction: Direction) {
        if direction == .fromClient {
            client.offer(payload, sequence: sequence, length: length)
        } else {
            server.offer(payload, sequence: sequence, length: length)
        }
    }

    /// A FIN: the stream ends before `sequence`.
    package mutating func end(at sequence: UInt32, from direction: Direction) {
        if direction == .fromClient { client.end(at: sequence) } else { server.end(at: sequence) }
    }

    /// The end that sends in `direction` acknowledges the other's bytes: holes below that will not be filled.
    package mutating func acknowledge(_ number: UInt32, from direction: Direction) {
        if direction == .fromClient { server.acknowledge(number) } else { client.acknowledge(number) }
    }

    /// Hands on what is in order, in the direction and at the time of `now`: parts of the payload offered last as they are, bytes
    /// that waited for a hole copied.
    package mutating func deliver(_ now: inout Observation) {
        while let piece = now.direction == .fromClient ? client.next() : server.next() {  // it runs out of bytes
            switch piece {
            case .offered(let offset, let count): now.deliver(offset, count: count)
            case .held(let bytes):
                let start = now.deliveries.bytes.count
                now.deliveries.bytes.append(contentsOf: bytes)
                now.deliver(.bytes(DeliveredRange(.queue, start: start, count: bytes.count)))
            case .gap(let count): now.deliver(.gap(UInt64(count)))
            case .end: now.deliver(.end)
            }
        }
    }

    package mutating func exchangeEnds() { swap(&client, &server) }
}
