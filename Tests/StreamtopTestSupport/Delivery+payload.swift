import StreamtopBase
import StreamtopLayer

extension Delivery {
    /// A whole payload of `count` bytes as part of a stream.
    package static func bytes(
        _ count: Int, stream: UInt64 = 0, from direction: Direction, at time: Timestamp, isEarly: Bool = false
    ) -> Delivery {
        Delivery(
            stream: stream, direction: direction, time: time, isEarly: isEarly,
            content: .bytes(DeliveredRange(.payload, start: 0, count: count)))
    }

    /// A whole payload of `count` bytes as a datagram.
    package static func datagram(_ count: Int, from direction: Direction, at time: Timestamp) -> Delivery {
        Delivery(
            direction: direction, time: time, content: .datagram(DeliveredRange(.payload, start: 0, count: count)))
    }
}

extension Observation {
    /// The bytes handed up so far in one direction: those of each delivery by itself, holes left out.
    package func delivered(from direction: Direction) -> [[UInt8]] {
        (0..<deliveries.count).map { deliveries[$0] }.filter { $0.direction == direction }.compactMap(\.range).map {
            Array(deliveries.bytes[$0.start..<($0.start + $0.count)])
        }
    }
}
