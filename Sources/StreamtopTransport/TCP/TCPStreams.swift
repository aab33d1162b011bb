import StreamtopBase
import StreamtopLayer

/// The byte streams of a TCP connection, for flows of which somebody reads them.
package struct TCPStreams: ~Copyable, Sendable {
    private var client: TCPByteStream
    private var server: TCPByteStream
    private let addressOnly = AddressOnly()

    /// - Parameters:
    ///   - start: sequence number of the first byte of the direction in which reading begins.
    ///   - other: the same of the other direction, where it is known.
    package init(from direction: Direction, start: UInt32, other: UInt32?) {
        client = TCPByteStream(start: direction == .fromClient ? start : other)
        server = TCPByteStream(start: direction == .fromServer ? start : other)
    }

    /// Memory that they take, with the bytes held.
    package var heldBytes: Int { MemoryLayout<Self>.stride + client.footprint + server.footprint }

    /// Forgets the bytes held, for want of memory: they become gaps.
    package mutating func releaseHeldBytes() {
        client.release()
        server.release()
    }

    /// A segment arrived; its payload is handed on by `deliver`.
    package mutating func offer(
        _ payload: RawSpan, sequence: UInt32, length: Int, from direction: Direction, at time: Timestamp
    ) {
        if direction == .fromClient {
            client.offer(payload, sequence: sequence, length: length, at: time)
        } else {
            server.offer(payload, sequence: sequence, length: length, at: time)
        }
    }

    /// A FIN: the stream ends before `sequence`.
    package mutating func end(at sequence: UInt32, from direction: Direction) {
        if direction == .fromClient { client.end(at: sequence) } else { server.end(at: sequence) }
    }

    /// The end that sends in `direction` acknowledges the other's bytes: holes below that will not be filled. True where something
    /// of the other direction may be handed on by that.
    package mutating func acknowledge(_ number: UInt32, from direction: Direction) -> Bool {
        if direction == .fromClient {
            server.acknowledge(number)
            return server.isWaiting
        }
        client.acknowledge(number)
        return client.isWaiting
    }

    /// Hands on what is in order, in the direction and at the time of `now`: parts of the payload offered last as they are, bytes
    /// that waited for a hole copied.
    package mutating func deliver(_ now: inout Observation) {
        // What waited behind a hole that is filled now has waited as long as the hole was there.
        var since = now.direction == .fromClient ? client.holeSince : server.holeSince
        // It runs out of bytes.
        while let piece = now.direction == .fromClient ? client.next(now.time) : server.next(now.time) {
            switch piece {
            case .offered(let range): now.deliver(range.lowerBound, count: range.count)
            case .held(let bytes):
                let start = now.deliveries.bytes.count
                now.deliveries.bytes.append(contentsOf: bytes)
                now.waited = since.map { now.time - $0 } ?? 0
                now.deliver(.bytes(DeliveredRange(.queue, start: start, count: bytes.count)))
                now.waited = 0
            case .gap(let count):
                // It was filled where nobody saw it: how long that took is not known.
                since = nil
                now.deliver(.gap(count))
            case .end: now.deliver(.end)
            }
        }
    }

    package mutating func exchangeEnds() { swap(&client, &server) }
}
