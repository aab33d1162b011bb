import StreamtopBase

/// Deliveries on their way to the layer above, in order, with storage for those bytes that lie nowhere else. The storage is
/// kept from use to use.
///
/// A queue lives as long as the payload that its deliveries may name: it is filled by one layer and emptied by the next
/// before the next frame.
package struct DeliveryQueue: ~Copyable, Sendable {
    /// The first `count` of them; what follows is of earlier uses.
    private var deliveries: [Delivery] = []
    package private(set) var count = 0
    /// Bytes copied, decrypted or put together. Assemblers append here and then say which range it was.
    package var bytes: [UInt8] = []

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package subscript(index: Int) -> Delivery { deliveries[index] }

    package mutating func append(_ delivery: Delivery) {
        if count < deliveries.count { deliveries[count] = delivery } else { deliveries.append(delivery) }
        count += 1
    }

    /// Appends a delivery like `model` of what `bytes` holds from `start` on; nothing where it holds nothing.
    package mutating func appendBytes(from start: Int, like model: Delivery) {
        guard bytes.count > start else { return }
        var delivery = model
        delivery.content = .bytes(DeliveredRange(.queue, start: start, count: bytes.count - start))
        append(delivery)
    }

    /// Forgets everything but the storage.
    package mutating func removeAll() {
        count = 0
        if !bytes.isEmpty { bytes.removeAll(keepingCapacity: true) }
    }

    /// The bytes of a delivery of this queue. `payload` is what its layer was given; a range outside of it is empty.
    @_lifetime(borrow self, copy payload)
    package func bytes(of delivery: Delivery, in payload: RawSpan) -> RawSpan {
        guard let range = delivery.range else { return RawSpan() }
        switch range.storage {
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        case .queue: return unsafe Self.part(range, of: bytes.span.bytes)
        case .payload: return Self.part(range, of: payload)
        }
    }

    @_lifetime(copy bytes)
    private static func part(_ range: DeliveredRange, of bytes: RawSpan) -> RawSpan {
        bytes.extracting(droppingFirst: max(0, range.start)).extracting(first: max(0, range.count))
    }
}
