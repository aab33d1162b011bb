import StreamtopBase
import Testing

@testable import StreamtopHost

/// Answers of drivers by generic netlink, built byte by byte from linux/ethtool_netlink.h.
@Suite struct EthtoolMessageTests {
    private static let header =
        [16, 1, 0, 0] as [UInt8]
        + Netlink.attribute(
            0x8001, Netlink.attribute(1, Netlink.native(UInt32(2))) + Netlink.attribute(2, Array("eth0".utf8) + [0]))

    private static func number(_ type: UInt16, _ value: UInt32) -> [UInt8] {
        Netlink.attribute(type, Netlink.native(value))
    }

    /// As virtio answers: 256 of 256, with attributes of later kernels behind.
    private static let rings =
        header + number(2, 256) + number(5, 512) + number(6, 256) + number(9, 128) + Netlink.attribute(13, [0])
        + number(99, 7)

    private static func rings(_ bytes: [UInt8]) -> Ethtool.Rings? { withSpan(bytes) { EthtoolMessage.rings($0) } }

    @Test func sizesOfRings() {
        #expect(
            Self.rings(Self.rings)
                == Ethtool.Rings(receive: 256, receiveMaximum: 256, transmit: 128, transmitMaximum: 512))
        // A driver without rings answers with its name alone.
        #expect(Self.rings(Self.header) == nil)
        for length in 0..<Self.rings.count {
            if let found = Self.rings(Array(Self.rings[..<length])) { #expect(found.receive == 256) }
        }
    }

    @Test func pauseFrames() {
        func pauses(_ bytes: [UInt8]) -> Ethtool.Pauses? { withSpan(bytes) { EthtoolMessage.pauses($0) } }
        let counts =
            Netlink.attribute(2, Netlink.native(UInt64(7))) + Netlink.attribute(3, Netlink.native(UInt64(9)))
            + Netlink.attribute(4, Netlink.native(UInt64(1)))
        let whole = Self.header + Netlink.attribute(3, [1]) + Netlink.attribute(0x8005, counts)
        #expect(pauses(whole) == Ethtool.Pauses(received: 9, sent: 7))
        // Asked without counters, or of a driver that keeps none.
        #expect(pauses(Self.header + Netlink.attribute(3, [1])) == nil)
        #expect(pauses(Self.header + Netlink.attribute(0x8005, [])) == nil)
        for length in 0..<whole.count { _ = pauses(Array(whole[..<length])) }
        #expect(
            Ethtool.pauses([("rx_pause", 3), ("rx_prio0_pause", 9), ("rx_prio0_pause_duration", 9), ("tx_pause", 1)])
                == Ethtool.Pauses(received: 3, sent: 1))
        #expect(Ethtool.pauses([("rx_flow_control_xoff", 4), ("rx_packets", 1)])?.received == 4)
        #expect(Ethtool.pauses([("rx_packets", 1)]) == nil)
    }

    /// The group of the MAC, and in it the one counter; nothing of other groups.
    @Test func standardCounters() {
        func lost(_ bytes: [UInt8]) -> UInt64? { withSpan(bytes) { EthtoolMessage.lost($0) } }
        func group(_ number: UInt32, _ counters: [UInt8]) -> [UInt8] {
            Netlink.attribute(
                0x8004, Self.number(2, number) + Self.number(3, 17) + Netlink.attribute(0x8004, counters))
        }
        let counter = Netlink.attribute(13, Netlink.native(UInt64(5)))
        let other = Netlink.attribute(12, Netlink.native(UInt64(3)))
        #expect(lost(Self.header + group(0, counter) + group(1, other)) == nil)
        let whole = Self.header + group(2, other) + group(1, counter)
        #expect(lost(whole) == 5)
        for length in 0..<whole.count { #expect(lost(Array(whole[..<length])) == nil) }
    }

    @Test func theFamilyOfFamilies() {
        let answer =
            [1, 2, 0, 0] as [UInt8] + Netlink.attribute(2, Array("ethtool".utf8) + [0])
            + Netlink.attribute(1, Netlink.native(UInt16(21)))
        #expect(withSpan(answer) { EthtoolMessage.family($0) } == 21)
        #expect(withSpan(Array(answer.prefix(18))) { EthtoolMessage.family($0) } == nil)
    }

    /// This kernel has the family; the loopback device has no rings, which is no failure of the question.
    @Test func thisKernelAnswers() throws {
        let socket = try #require(EthtoolSocket(), "before Linux 5.6 there is none")
        let (rings, failure) = socket.rings(of: 1)
        #expect(rings == nil && failure == 95)
        #expect(socket.pauses(of: 1) == nil && socket.lost(in: 1) == nil)
        let (_, gone) = socket.rings(of: 1_000_000)
        #expect(gone == 19, "ENODEV")
    }
}
