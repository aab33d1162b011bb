import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopLayer

@Suite struct DeliveryQueueTests {
    private static let time = Timestamp(nanoseconds: 5)
    private static let model = Delivery(stream: 4, direction: .fromServer, time: time, isEarly: true, content: .end)

    /// Bytes of the delivery at `index`.
    private func bytes(_ queue: borrowing DeliveryQueue, _ index: Int, payload: [UInt8]) -> [UInt8] {
        let span = unsafe queue.bytes(of: queue[index], in: payload.span.bytes)
        return unsafe span.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    @Test func payloadIsNamedNotCopied() {
        var now = Observation(from: .fromClient, at: Self.time)
        now.deliver(2, count: 3)
        now.deliver(0, count: 0)
        #expect(now.deliveries.count == 1)
        #expect(now.deliveries.bytes.isEmpty)
        #expect(bytes(now.deliveries, 0, payload: [9, 8, 7, 6, 5, 4]) == [7, 6, 5])
        #expect(now.deliveries[0].time == Self.time)
        #expect(!now.deliveries[0].isEarly)
    }

    @Test func ownBytesKeepTheirPlaces() {
        var queue = DeliveryQueue()
        queue.bytes += [1, 2]
        queue.appendBytes(from: 0, like: Self.model)
        queue.appendBytes(from: 2, like: Self.model)
        queue.bytes += [3]
        queue.appendBytes(from: 2, like: Self.model)
        #expect(queue.count == 2)
        #expect(bytes(queue, 0, payload: [9, 9, 9]) == [1, 2])
        #expect(bytes(queue, 1, payload: [9, 9, 9]) == [3])
        #expect(queue[1].stream == 4 && queue[1].direction == .fromServer && queue[1].isEarly)
    }

    @Test func whatHasNoBytesHasNone() {
        var queue = DeliveryQueue()
        for content in [.gap(7), .end, .reset(code: 1), .stopSending(code: 2), .restart] as [Delivery.Content] {
            queue.append(Delivery(direction: .fromClient, time: Self.time, content: content))
        }
        for index in 0..<queue.count { #expect(bytes(queue, index, payload: [1, 2]).isEmpty) }
    }

    @Test(arguments: [(-1, 2), (0, 9), (4, 1), (3, -1), (Int.max, 1), (1, Int.max)])
    func rangeOutsideIsCutAndNeverTraps(start: Int, count: Int) {
        var queue = DeliveryQueue()
        queue.bytes = [1, 2, 3]
        for storage in [DeliveredRange.Storage.payload, .queue] {
            queue.append(
                Delivery(
                    direction: .fromClient, time: Self.time,
                    content: .datagram(DeliveredRange(storage, start: start, count: count))))
        }
        for index in 0..<2 { #expect(bytes(queue, index, payload: [4, 5, 6]).count <= 3) }
    }

    @Test func clearingForgetsEverything() {
        var now = Observation(from: .fromClient, at: Self.time)
        now.deliveries.bytes = [1]
        now.deliver(.end)
        now.tell(.flowOpen)
        now.signal(.established)
        now.clear()
        #expect(now.deliveries.isEmpty && now.deliveries.bytes.isEmpty && now.events.isEmpty && now.signals.isEmpty)
    }
}
