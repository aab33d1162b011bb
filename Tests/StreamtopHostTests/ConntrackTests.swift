import StreamtopBase
import Testing

@testable import StreamtopHost

/// What this host's NAT tracks, as ctnetlink answers (built byte by byte from linux/netfilter/nfnetlink_conntrack.h) and as
/// /proc/net/nf_conntrack tells.
@Suite struct ConntrackTests {
    private static let nested: UInt16 = 0x8000

    private static func tuple(
        _ type: UInt16, _ source: Endpoint, _ destination: Endpoint, transport: UInt8 = 6
    ) -> [UInt8] {
        let base: UInt16 = source.address.isIPv4 ? 1 : 3
        func port(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }
        let addresses =
            Netlink.attribute(base, source.address.bytes) + Netlink.attribute(base + 1, destination.address.bytes)
        let ports =
            Netlink.attribute(1, [transport]) + Netlink.attribute(2, port(source.port))
            + Netlink.attribute(3, port(destination.port))
        return Netlink.attribute(
            type | nested, Netlink.attribute(1 | nested, addresses) + Netlink.attribute(2 | nested, ports))
    }

    private static let guest = Endpoint(address: IPAddress(v4: 0xac1f_0702), port: 40_000)
    private static let host = Endpoint(address: IPAddress(v4: 0x0a5b_0001), port: 61_000)
    private static let peer = Endpoint(address: IPAddress(v4: 0x0a5b_0002), port: 443)
    private static let header: [UInt8] = [2, 0, 0, 0]

    /// A guest's call that leaves with this host's address.
    private static let masqueraded =
        header + tuple(1, guest, peer) + tuple(2, peer, host)
        + Netlink.attribute(3, Netlink.native(UInt32(0x0e01_0000)))

    private static func read(_ bytes: [UInt8]) -> Translation? { withSpan(bytes) { ConntrackMessage.translation($0) } }

    @Test func bothSidesOfACall() throws {
        let translation = try #require(Self.read(Self.masqueraded))
        #expect(translation.transport == 6 && translation.isRewritten)
        let seen = FlowKey(source: Self.peer, destination: Self.host, transport: 6)
        let other = try #require(translation.counterpart(of: seen))
        #expect(other.initiator == Self.guest && other.responder == Self.peer)
        #expect(other.seen(Self.guest) == Self.host && other.seen(Self.peer) == Self.peer)
        #expect(other.seen(Self.host) == nil)
        // From the guest's side of the host it is the other way about.
        let inner = FlowKey(source: Self.guest, destination: Self.peer, transport: 6)
        #expect(translation.counterpart(of: inner)?.initiator == Self.host)
        #expect(translation.counterpart(of: FlowKey(source: Self.guest, destination: Self.host, transport: 6)) == nil)
    }

    /// A published port: the caller's ends stay, the server's change.
    @Test func publishedPort() throws {
        let caller = Endpoint(address: Self.peer.address, port: 50_000)
        let published = Endpoint(address: Self.host.address, port: 8_080)
        let server = Endpoint(address: Self.guest.address, port: 80)
        let bytes = Self.header + Self.tuple(1, caller, published) + Self.tuple(2, server, caller)
        let translation = try #require(Self.read(bytes))
        let other = translation.counterpart(of: FlowKey(source: caller, destination: published, transport: 6))
        #expect(other?.responder == server && other?.seen(server) == published && other?.seen(caller) == caller)
    }

    @Test func whatIsNotRewrittenHasNoOtherSide() throws {
        let bytes = Self.header + Self.tuple(1, Self.host, Self.peer) + Self.tuple(2, Self.peer, Self.host)
        let translation = try #require(Self.read(bytes))
        #expect(!translation.isRewritten && translation.counterpart(of: translation.before) == nil)
    }

    @Test func ipv6AndUDP() throws {
        let guest = Endpoint(address: IPAddress(high: 0xfd00_0000_0000_0000, low: 2), port: 5_004)
        let host = Endpoint(address: IPAddress(high: 0x2001_0db8_0000_0000, low: 1), port: 6_000)
        let peer = Endpoint(address: IPAddress(high: 0x2001_0db8_0000_0000, low: 9), port: 7_000)
        let bytes =
            [10, 0, 0, 0] + Self.tuple(1, guest, peer, transport: 17) + Self.tuple(2, peer, host, transport: 17)
        let translation = try #require(Self.read(bytes))
        #expect(translation.transport == 17)
        #expect(translation.before == FlowKey(source: guest, destination: peer, transport: 17))
        #expect(translation.after == FlowKey(source: host, destination: peer, transport: 17))
    }

    /// Cut at every byte: whole, or nothing. What is unknown is passed over; a zone of its own is not ours.
    @Test func hostileAnswers() throws {
        let tuples = Self.header + Self.tuple(1, Self.guest, Self.peer) + Self.tuple(2, Self.peer, Self.host)
        for length in 0..<tuples.count { #expect(Self.read(Array(tuples[..<length])) == nil) }
        let unknown = Self.header + Netlink.attribute(77, [1, 2, 3]) + Array(tuples.dropFirst(4))
        #expect(Self.read(unknown) == Self.read(tuples))
        #expect(Self.read(tuples + Netlink.attribute(18, [0, 7])) == nil)
        #expect(Self.read(tuples + Netlink.attribute(18, [0, 0])) != nil)
        let short = Self.header + Self.tuple(1, Self.guest, Self.peer)
        #expect(Self.read(short + Netlink.attribute(2 | Self.nested, Netlink.attribute(1 | Self.nested, []))) == nil)
        let mixed = short + Self.tuple(2, Self.peer, Self.host, transport: 17)
        #expect(Self.read(mixed) == nil, "one direction of TCP, the other of UDP")
    }

    /// The question reads as the kernel's own answer would.
    @Test func questions() throws {
        let body = ConntrackMessage.body(
            Translation.Ends(source: Self.peer, destination: Self.host), transport: 6)
        #expect(body == Self.header + Self.tuple(1, Self.peer, Self.host))
    }

    /// As this kernel wrote them (6.18), with the zone that CONFIG_NF_CONNTRACK_ZONES adds.
    private static let text = """
        ipv4     2 unknown  2 596 src=172.31.7.1 dst=224.0.0.22 [UNREPLIED] src=224.0.0.22 dst=172.31.7.1 mark=0 zone=0 use=2
        ipv4     2 udp      17 29 src=10.91.0.2 dst=10.91.0.1 sport=43615 dport=5004 [UNREPLIED] src=172.31.7.2 dst=10.91.0.2 sport=5004 dport=43615 mark=0 zone=0 use=2
        ipv4     2 tcp      6 431999 ESTABLISHED src=10.91.0.2 dst=10.91.0.1 sport=33362 dport=8080 src=172.31.7.2 dst=10.91.0.2 sport=80 dport=33362 [ASSURED] mark=0 zone=0 use=2
        ipv4     2 tcp      6 300 ESTABLISHED src=172.31.7.2 dst=10.91.0.2 sport=40000 dport=443 src=10.91.0.2 dst=10.91.0.1 sport=443 dport=61000 [ASSURED] mark=0 zone=0 use=2
        ipv6     10 tcp      6 300 ESTABLISHED src=fd00:0000:0000:0000:0000:0000:0000:0002 dst=2001:0db8:0000:0000:0000:0000:0000:0009 sport=1 dport=2 src=2001:0db8:0000:0000:0000:0000:0000:0009 dst=2001:0db8:0000:0000:0000:0000:0000:0001 sport=2 dport=3 [ASSURED] use=1

        """

    @Test func linesOfTheTable() throws {
        let seen = FlowKey(source: Self.peer, destination: Self.host, transport: 6)
        let six = FlowKey(
            source: Endpoint(address: IPAddress(high: 0x2001_0db8_0000_0000, low: 9), port: 2),
            destination: Endpoint(address: IPAddress(high: 0x2001_0db8_0000_0000, low: 1), port: 3), transport: 6)
        let strange = FlowKey(source: Self.guest, destination: Self.host, transport: 6)
        let found = ConntrackText.translations(Array(Self.text.utf8), of: [seen, six, strange])
        #expect(found.count == 2)
        #expect(found[seen] == Self.read(Self.masqueraded))
        #expect(found[six]?.original.source.address == IPAddress(high: 0xfd00_0000_0000_0000, low: 2))
    }

    /// A zone of its own, the same connection twice, a line cut short, numbers that are none: not joined.
    @Test func linesThatSayNothing() {
        let seen = FlowKey(source: Self.peer, destination: Self.host, transport: 6)
        let line =
            "ipv4     2 tcp      6 300 ESTABLISHED src=172.31.7.2 dst=10.91.0.2 sport=40000 dport=443 src=10.91.0.2 dst=10.91.0.1 sport=443 dport=61000 [ASSURED] mark=0"
        func found(_ text: String) -> Int { ConntrackText.translations(Array(text.utf8), of: [seen]).count }
        #expect(found(line) == 1)
        #expect(found(line + " zone=7 use=2\n") == 0)
        #expect(found(line + "\n" + line.replacing("sport=40000", with: "sport=40001")) == 0)
        #expect(found(line.replacing("10.91.0.1", with: "10.91.0.1111")) == 0)
        #expect(found(line.replacing("dport=61000", with: "dport=610000")) == 0)
        for length in stride(from: 0, to: line.count - " [ASSURED] mark=0".count - 1, by: 1) {
            #expect(found(String(line.prefix(length))) == 0)
        }
    }
}
