import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopTransport

@Suite struct QUICSpinMeterTests {
    private struct Packet {
        var time: Nanoseconds
        var direction: Direction
        var spin: Bool
    }

    /// A square wave of period 2 x `trip` in both directions, packets each `step`, the server `half` behind the client.
    private func wave(trip: Nanoseconds, component: Nanoseconds, step: Nanoseconds, length: Nanoseconds) -> [Packet] {
        var packets: [Packet] = []
        for time in stride(from: Nanoseconds(0), to: length, by: Int64.Stride(step)) {
            packets.append(Packet(time: time, direction: .fromClient, spin: (time / trip) % 2 == 1))
            if time >= component {
                packets.append(
                    Packet(time: time + 1000, direction: .fromServer, spin: ((time - component) / trip) % 2 == 1))
            }
        }
        return packets
    }

    private func feed(_ packets: [Packet]) -> (meter: QUICSpinMeter, loops: [Nanoseconds], components: [Nanoseconds]) {
        var meter = QUICSpinMeter()
        var loops: [Nanoseconds] = []
        var components: [Nanoseconds] = []
        for packet in packets {
            let reading = meter.observe(
                packet.spin, from: packet.direction, at: Timestamp(nanoseconds: packet.time), handshake: nil)
            if let loop = reading.loop { loops.append(loop) }
            if let component = reading.component, packet.direction == .fromServer { components.append(component) }
        }
        return (meter, loops, components)
    }

    private func median(_ values: [Nanoseconds]) -> Nanoseconds {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    @Test func squareWave() {
        let (meter, loops, components) = feed(
            wave(trip: .milliseconds(50), component: .milliseconds(20), step: .milliseconds(1), length: .seconds(2)))
        #expect(meter.isUsed)
        #expect(meter.rejected == 0)
        #expect(median(loops) == .milliseconds(50))
        let component = median(components)
        #expect(abs(component - .milliseconds(20)) < .milliseconds(2))
    }

    @Test func packetsThatChangePlacesAtTheEdges() {
        var packets = wave(
            trip: .milliseconds(50), component: .milliseconds(20), step: .milliseconds(1), length: .seconds(4))
        var random = SeededRandom(seed: 312)
        var swapped = 0
        for index in 0..<(packets.count - 2) where packets[index].spin != packets[index + 2].spin {
            guard UInt8.random(in: 0..<20, using: &random) == 0 else { continue }
            let late = packets[index].spin
            packets[index].spin = packets[index + 2].spin
            packets[index + 2].spin = late
            swapped += 1
        }
        #expect(swapped > 3)
        let (meter, loops, _) = feed(packets)
        #expect(meter.isUsed)
        #expect(meter.rejected >= swapped / 2)
        let median = median(loops)
        #expect(abs(median - .milliseconds(50)) <= .milliseconds(1), "within 2 %")
    }

    @Test func aBitThatNeverTurnsIsNoSignal() {
        let still = wave(trip: .seconds(100), component: 0, step: .milliseconds(1), length: .seconds(1))
        #expect(!feed(still).meter.isUsed)
        #expect(feed(still).loops.isEmpty)
    }

    @Test func aCoinTossIsNoSignal() {
        var random = SeededRandom(seed: 9287)
        var packets = wave(trip: .milliseconds(50), component: 0, step: .milliseconds(1), length: .seconds(3))
        for index in packets.indices { packets[index].spin = Bool.random(using: &random) }
        #expect(!feed(packets).meter.isUsed)
    }

    @Test func oneEndAloneIsNoSignal() {
        let packets = wave(trip: .milliseconds(50), component: 0, step: .milliseconds(1), length: .seconds(3)).map {
            Packet(time: $0.time, direction: $0.direction, spin: $0.direction == .fromClient && $0.spin)
        }
        #expect(!feed(packets).meter.isUsed)
    }
}
