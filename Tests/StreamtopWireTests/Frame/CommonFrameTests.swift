import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

/// The reader of common frames against the walk from header to header: the same frames, field by field.
@Suite("Frames of the common shape")
struct CommonFrameTests {
    private let decoder = FrameDecoder()

    /// Frames of the common shape and of its neighbours.
    private static let samples: [[UInt8]] = {
        var samples: [[UInt8]] = []
        let payloads: [[UInt8]] = [[], [1], [UInt8](repeating: 7, count: 40)]
        let options: [[TCPOption]] = [
            [], [.timestamps(7, 6)], [.maximumSegmentSize(1460), .sackPermitted, .timestamps(1, 2), .windowScale(7)],
            [.timestamps(3, 4), .sack([(1, 2), (5, 9)])], [.raw(kind: 30, body: [0, 1]), .fastOpen([1, 2, 3, 4])],
        ]
        let ends: [(IPAddress, IPAddress)] = [("10.0.0.1", "192.168.7.9"), ("2001:db8::1", "2001:db8:ffff::2")]
        for (from, to) in ends {
            let isIPv6 = !from.isIPv4
            for payload in payloads {
                for list in options {
                    let tcp = PacketBuilder.tcp(from: 40000, to: 443, flags: 0x118, options: list, payload)
                    let packet = PacketBuilder.ip(from: from, to: to, protocol: 6, tcp)
                    samples.append(PacketBuilder.ethernet(isIPv6: isIPv6, packet))
                    samples.append(PacketBuilder.ethernet(isIPv6: isIPv6, packet + [0, 0, 0, 0, 0, 0]))
                    samples.append(PacketBuilder.ethernet(vlans: [7], isIPv6: isIPv6, packet))
                }
                for port: UInt16 in [5004, 443, 4789, 2152] {
                    let udp = PacketBuilder.udp(from: 6000, to: port, payload)
                    let packet = PacketBuilder.ip(from: from, to: to, protocol: 17, udp)
                    samples.append(PacketBuilder.ethernet(isIPv6: isIPv6, packet))
                    samples.append(PacketBuilder.ethernet(isIPv6: isIPv6, packet + [0, 0, 0]))
                }
                samples.append(
                    PacketBuilder.ethernet(
                        isIPv6: isIPv6,
                        PacketBuilder.ip(from: from, to: to, protocol: isIPv6 ? 58 : 1, [8, 0, 0, 0] + payload)))
            }
        }
        return samples
    }()

    /// Both ways, each into a frame that another frame left behind.
    private func differences(_ bytes: [UInt8], wireLength: Int, after earlier: [UInt8]) -> [String] {
        var quick = DecodedFrame()
        var walked = DecodedFrame()
        unsafe decoder.decode(earlier.span.bytes, wireLength: earlier.count, linkType: .ethernet, into: &quick)
        unsafe decoder.decodeAny(earlier.span.bytes, wireLength: earlier.count, linkType: .ethernet, into: &walked)
        unsafe decoder.decode(bytes.span.bytes, wireLength: wireLength, linkType: .ethernet, into: &quick)
        unsafe decoder.decodeAny(bytes.span.bytes, wireLength: wireLength, linkType: .ethernet, into: &walked)
        return quick.differences(from: walked)
    }

    private func isCommon(_ bytes: [UInt8]) -> Bool {
        var frame = DecodedFrame()
        return unsafe decoder.decodeCommon(bytes.span.bytes, wireLength: bytes.count, into: &frame)
    }

    @Test("what is common is read in one go, the rest is not")
    func shapes() {
        func frame(_ packet: [UInt8], isIPv6: Bool = false, vlans: [UInt16] = []) -> [UInt8] {
            PacketBuilder.ethernet(vlans: vlans, isIPv6: isIPv6, packet)
        }
        let tcp = PacketBuilder.tcp(from: 40000, to: 443, flags: 0x10, options: [.timestamps(1, 2)], [1, 2])
        let udp = PacketBuilder.udp(from: 6000, to: 5004, [UInt8](repeating: 0, count: 20))
        let ipv4 = PacketBuilder.ip(from: "10.0.0.1", to: "10.0.0.2", protocol: 6, tcp)
        #expect(isCommon(frame(ipv4)))
        #expect(isCommon(frame(PacketBuilder.ip(from: "10.0.0.1", to: "10.0.0.2", protocol: 17, udp))))
        #expect(
            isCommon(frame(PacketBuilder.ip(from: "2001:db8::1", to: "2001:db8::2", protocol: 6, tcp), isIPv6: true)))
        #expect(
            isCommon(frame(PacketBuilder.ip(from: "2001:db8::1", to: "2001:db8::2", protocol: 17, udp), isIPv6: true)))

        #expect(!isCommon(frame(ipv4, vlans: [5])))
        let tunnel = PacketBuilder.udp(from: 6000, to: 4789, [UInt8](repeating: 0, count: 20))
        #expect(!isCommon(frame(PacketBuilder.ip(from: "10.0.0.1", to: "10.0.0.2", protocol: 17, tunnel))))
        let options = PacketBuilder.ipv4(
            from: "10.0.0.1", to: "10.0.0.2", protocol: 6, options: [7, 7, 4, 0, 0, 0, 0], tcp)
        #expect(!isCommon(frame(options)))
    }

    @Test("both ways agree on frames cut at every byte, by the capture and on the wire")
    func cut() {
        for (number, sample) in Self.samples.enumerated() {
            let earlier = Self.samples[(number &* 7 &+ 3) % Self.samples.count]
            for count in 0...sample.count {
                let part = Array(sample.prefix(count))
                for wire in [count, sample.count, sample.count + 100] {
                    let found = differences(part, wireLength: wire, after: earlier)
                    if !found.isEmpty { Issue.record("sample \(number) cut to \(count) of \(wire): \(found)") }
                }
            }
        }
    }

    @Test("both ways agree on a hundred thousand damaged frames")
    func damaged() {
        var random = SeededRandom(seed: 0x5eed_0145)
        for turn in 0..<100_000 {
            let sample = Self.samples[turn % Self.samples.count]
            let bytes = random.damaged(sample)
            let wire = turn % 3 == 0 ? bytes.count + Int.random(in: 0..<100, using: &random) : bytes.count
            let earlier = Self.samples.randomElement(using: &random) ?? []
            let found = differences(bytes, wireLength: wire, after: earlier)
            if !found.isEmpty { Issue.record("seed \(random.seed) turn \(turn): \(found) of \(bytes)") }
        }
    }

    @Test("both ways agree whatever a byte of the headers says")
    func everyByte() {
        for (number, sample) in Self.samples.enumerated() where number % 5 == 0 {
            for position in 12..<min(sample.count, 80) {
                for value in UInt8.min...UInt8.max {
                    var bytes = sample
                    bytes[position] = value
                    let found = differences(bytes, wireLength: bytes.count, after: sample)
                    if !found.isEmpty { Issue.record("sample \(number), byte \(position) = \(value): \(found)") }
                }
            }
        }
    }
}
