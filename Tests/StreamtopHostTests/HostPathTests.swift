import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopHost

/// Devices, routes and neighbours as rtnetlink answers, built byte by byte.
@Suite struct HostPathTests {
    private static func link(_ index: Int32, _ name: String, _ attributes: [UInt8] = []) -> [UInt8] {
        [0, 0, 0, 0] + Netlink.native(index) + Netlink.native(UInt32(1)) + Netlink.native(UInt32(0))
            + Netlink.attribute(3, Array(name.utf8) + [0]) + attributes
    }

    private static func read(_ bytes: [UInt8]) -> LinkMessage? { withSpan(bytes) { LinkMessage($0) } }

    /// The active member of a bond in active-backup mode; of one that spreads by hash there is none.
    @Test func bonds() throws {
        func bond(_ data: [UInt8]) -> [UInt8] {
            Self.link(
                5, "bond0",
                Netlink.attribute(
                    0x8012, Netlink.attribute(1, Array("bond".utf8) + [0]) + Netlink.attribute(0x8002, data)))
        }
        let active = bond(Netlink.attribute(1, [1]) + Netlink.attribute(2, Netlink.native(Int32(3))))
        let link = try #require(Self.read(active))
        #expect(link.kind == "bond" && link.isVirtual && link.activeMember == 3)
        #expect(Self.read(bond(Netlink.attribute(1, [4])))?.activeMember == nil)
        for length in 0..<active.count { _ = Self.read(Array(active[..<length])) }
        // Another kind's attribute 2 is something else.
        let vlan = Self.link(
            6, "eth0.7",
            Netlink.attribute(5, Netlink.native(Int32(2)))
                + Netlink.attribute(
                    18,
                    Netlink.attribute(1, Array("vlan".utf8) + [0])
                        + Netlink.attribute(2, Netlink.attribute(2, Netlink.native(Int32(3))))))
        #expect(Self.read(vlan)?.activeMember == nil && Self.read(vlan)?.lower == 2)
    }

    @Test func routesAndNextHops() throws {
        let head = [2, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] as [UInt8]
        let direct = head + Netlink.attribute(4, Netlink.native(Int32(7)))
        #expect(withSpan(direct) { RouteMessage.route(RouteMessage.type, $0) }?.device == 7)
        let whole = direct + Netlink.attribute(5, [10, 0, 0, 1])
        let route = try #require(withSpan(whole) { RouteMessage.route(RouteMessage.type, $0) })
        #expect(route.gateway == IPAddress(v4: 0x0a00_0001))
        #expect(withSpan(head) { RouteMessage.route(RouteMessage.type, $0) } == nil)
        #expect(withSpan(whole) { RouteMessage.route(99, $0) } == nil)
        for length in 0..<whole.count { _ = withSpan(Array(whole[..<length])) { RouteMessage.route(24, $0) } }
    }

    /// What a bridge learned of a link address, and what is a port's own.
    @Test func neighbours() throws {
        func entry(state: UInt16) -> [UInt8] {
            [7, 0, 0, 0] + Netlink.native(Int32(4)) + Netlink.native(state) + [0, 0]
                + Netlink.attribute(2, [2, 0, 0, 0, 0, 9]) + Netlink.attribute(9, Netlink.native(Int32(3)))
        }
        let learned = try #require(withSpan(entry(state: 2)) { NeighbourMessage(type: 28, $0) })
        #expect(learned.interface == 4 && learned.bridge == 3 && !learned.isOwn)
        #expect(learned.hardware == [2, 0, 0, 0, 0, 9])
        #expect(withSpan(entry(state: 0x80)) { NeighbourMessage(type: 28, $0) }?.isOwn == true)
        let bytes = entry(state: 2)
        for length in 0..<bytes.count { _ = withSpan(Array(bytes[..<length])) { NeighbourMessage(type: 28, $0) } }
    }
}
