import StreamtopBase
import StreamtopLayer
import StreamtopTestSupport
import Testing

@testable import StreamtopTransport

@Suite struct TCPStreamsTests {
    /// What was handed up, as text: bytes, holes in brackets, a full stop for the end.
    private func text(_ now: borrowing Observation, _ payload: String) -> String {
        (0..<now.deliveries.count).map { number in
            let delivery = now.deliveries[number]
            switch delivery.content {
            case .bytes(let range):
                let bytes = range.storage == .payload ? Array(payload.utf8) : now.deliveries.bytes
                return String(decoding: bytes[range.start..<(range.start + range.count)], as: UTF8.self)
            case .gap(let count): return "[\(count)]"
            case .end: return "."
            case .datagram, .reset, .stopSending, .restart: return "?"
            }
        }.joined()
    }

    private func offer(
        _ streams: inout TCPStreams, _ payload: String, at sequence: UInt32, isLast: Bool = false,
        from direction: Direction = .fromServer
    ) -> String {
        let bytes = Array(payload.utf8)
        unsafe streams.offer(
            bytes.span.bytes, sequence: sequence, length: bytes.count, from: direction, at: Timestamp(nanoseconds: 3))
        if isLast { streams.end(at: sequence &+ UInt32(bytes.count), from: direction) }
        var now = Observation(from: direction, at: Timestamp(nanoseconds: 3))
        streams.deliver(&now)
        for number in 0..<now.deliveries.count {
            #expect(now.deliveries[number].direction == direction && now.deliveries[number].time == now.time)
        }
        return text(now, payload)
    }

    @Test("What is in order is named, what waited is copied, and the end comes once behind the last byte")
    func inOrder() {
        var streams = TCPStreams(from: .fromServer, start: 100, other: nil)
        #expect(offer(&streams, "ab", at: 100) == "ab")
        #expect(offer(&streams, "ef", at: 104, isLast: true) == "")
        let mayFollow = streams.acknowledge(103, from: .fromClient)
        #expect(mayFollow, "a hole may be given up")
        #expect(offer(&streams, "cd", at: 102) == "cdef.")
        let waits = streams.acknowledge(106, from: .fromClient)
        #expect(!waits, "nothing is waited for")
        #expect(offer(&streams, "ef", at: 104, isLast: true) == "")
    }

    @Test("What waited says for how long: as long as the hole was there; what nobody saw filled says nothing")
    func waits() {
        var streams = TCPStreams(from: .fromServer, start: 100, other: nil)
        func offer(_ payload: String, at sequence: UInt32, _ time: Int64) -> [Nanoseconds] {
            let bytes = Array(payload.utf8)
            unsafe streams.offer(
                bytes.span.bytes, sequence: sequence, length: bytes.count, from: .fromServer,
                at: Timestamp(nanoseconds: time))
            var now = Observation(from: .fromServer, at: Timestamp(nanoseconds: time))
            streams.deliver(&now)
            return (0..<now.deliveries.count).map { now.deliveries[$0].waited }
        }
        #expect(offer("ab", at: 100, 0) == [0])
        #expect(offer("ef", at: 104, 10) == [] && offer("ij", at: 108, 15) == [])
        // The first hole is filled, and the second is there since: of what waited, all waited since the first.
        #expect(offer("cd", at: 102, 30) == [0, 20])
        #expect(offer("gh", at: 106, 50) == [0, 20])
        #expect(offer("kl", at: 110, 51) == [0])
        #expect(offer("pq", at: 114, 60) == [])
        _ = streams.acknowledge(116, from: .fromClient)
        #expect(offer("", at: 116, 90) == [0, 0], "a gap, and what stands behind it")
    }

    @Test("An acknowledged FIN ends a stream whose last bytes nobody captured")
    func endBehindAHole() {
        var streams = TCPStreams(from: .fromServer, start: 100, other: nil)
        #expect(offer(&streams, "ab", at: 100) == "ab")
        #expect(offer(&streams, "", at: 110, isLast: true) == "")
        _ = streams.acknowledge(110, from: .fromClient)
        #expect(offer(&streams, "", at: 110) == "", "the FIN itself was not acknowledged")
        let mayEnd = streams.acknowledge(111, from: .fromClient)
        #expect(mayEnd)
        #expect(offer(&streams, "", at: 110) == "[8].")
    }

    @Test("A FIN is where a stream ends of which nothing else is known")
    func onlyTheEnd() {
        var streams = TCPStreams(from: .fromClient, start: 5, other: nil)
        #expect(offer(&streams, "", at: 9, isLast: true) == ".")
        #expect(offer(&streams, "", at: 9, isLast: true) == "", "once")
    }

    @Test("Exchanged ends keep their bytes")
    func exchange() {
        var streams = TCPStreams(from: .fromServer, start: 100, other: 7)
        #expect(offer(&streams, "cd", at: 102) == "")
        streams.exchangeEnds()
        #expect(offer(&streams, "ab", at: 100, from: .fromClient) == "abcd")
        #expect(offer(&streams, "x", at: 7, from: .fromServer) == "x")
    }
}
