import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopHost

/// Subflows and connections of Multipath TCP: as Linux 6.18 answered (two subflows over a loopback, 20,000 bytes of which nobody read
/// any), and those answers changed.
@Suite struct MultipathMessageTests {
    private static let nested: UInt16 = 0x8000
    private static let time = Timestamp(nanoseconds: 7)
    private static let local = Endpoint(address: IPAddress(v4: 0x0a09_0002), port: 33_513)
    private static let remote = Endpoint(address: IPAddress(v4: 0x0a09_0001), port: 8_080)
    private static let token: UInt32 = 0x37ef_eca9

    /// INET_ULP_INFO_MPTCP of the subflow that joined.
    private static let joined: [[UInt8]] = [
        Netlink.attribute(1, Netlink.native(UInt32(0x84a6_337c))), Netlink.attribute(2, Netlink.native(token)),
        Netlink.attribute(8, Netlink.native(UInt32(0xcc))), Netlink.attribute(9, [0]), Netlink.attribute(10, [1]),
        Netlink.attribute(3, Netlink.native(UInt32(1))),
        Netlink.attribute(4, Netlink.native(UInt64(0x684d_d823_2d55_1564))),
        Netlink.attribute(6, Netlink.native(UInt32(0x13fa_8422))), Netlink.attribute(7, [0, 0]),
    ]

    private static func fixed(unread: UInt32 = 0, local: Endpoint = local, remote: Endpoint = remote) -> [UInt8] {
        func port(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }
        let padding = [UInt8](repeating: 0, count: 12)
        return [2, 1, 0, 0] + port(local.port) + port(remote.port) + local.address.bytes + padding
            + remote.address.bytes + padding + Netlink.native(UInt32(0)) + Netlink.native(UInt64(0xdade))
            + Netlink.native(UInt32(0)) + Netlink.native(unread) + Netlink.native(UInt32(0))
            + Netlink.native(UInt32(0)) + Netlink.native(UInt32(5_540_057))
    }

    private static func subflow(_ attributes: [[UInt8]], name: [UInt8] = Array("mptcp".utf8) + [0]) -> [UInt8] {
        let inner = Netlink.attribute(1, name) + Netlink.attribute(3 | nested, attributes.flatMap { $0 })
        return fixed() + Netlink.attribute(SocketAttribute.upperProtocol | nested, inner)
    }

    /// `mptcp_info`: `acknowledged` of `written` bytes came back, `sent` were given to subflows.
    private static func information(
        token: UInt32 = token, written: UInt64 = 20_000, sent: UInt64 = 20_000, acknowledged: UInt64 = 20_000
    ) -> [UInt8] {
        let first: UInt64 = 0x3121_250c_e7a2_1c4a
        return [1, 0, 0, 4, 0, 4, 0, 0] + Netlink.native(UInt32(2)) + Netlink.native(token)
            + Netlink.native(first &+ written) + Netlink.native(first &+ acknowledged) + Netlink.native(UInt64(9))
            + [1, 1, 0, 0] + Netlink.native(UInt32(3)) + Netlink.native(UInt64(40)) + Netlink.native(sent)
            + Netlink.native(UInt64(20_000)) + Netlink.native(acknowledged) + [2] + [UInt8](repeating: 0, count: 15)
    }

    private static func connection(_ information: [UInt8], unread: UInt32 = 0) -> MultipathConnection? {
        let bytes = fixed(unread: unread) + Netlink.attribute(SocketAttribute.information, information)
        return withSpan(bytes) { MultipathMessage.connection($0, token: token) }
    }

    private static func socket(_ bytes: [UInt8]) -> KernelSocket? {
        withSpan(bytes) { SocketMessage.socket($0, at: time) }
    }

    @Test func aSubflowNamesItsConnection() throws {
        let socket = try #require(Self.socket(Self.subflow(Self.joined)))
        #expect(socket.upperProtocol == "mptcp")
        let state = try #require(socket.multipath)
        #expect(state.token == Self.token && state.peerToken == 0x84a6_337c)
        #expect(state.addressIdentifier == 1 && state.peerAddressIdentifier == 0 && !state.isBackup)
    }

    /// No token is 0, and a backup is one where either end says so.
    @Test func zeroIsNoToken() throws {
        let attributes = [
            Netlink.attribute(1, Netlink.native(UInt32(0))), Netlink.attribute(2, Netlink.native(UInt32(0))),
            Netlink.attribute(8, Netlink.native(UInt32(1 << 5))),
        ]
        let state = try #require(Self.socket(Self.subflow(attributes))?.multipath)
        #expect(state.token == nil && state.peerToken == nil && state.isBackup)
    }

    /// Another protocol above TCP is no Multipath TCP.
    @Test func otherProtocolsAreNone() {
        let inner = Netlink.attribute(1, Array("tls".utf8) + [0]) + Netlink.attribute(2, [1, 2, 3, 4])
        let socket = Self.socket(
            Self.fixed() + Netlink.attribute(SocketAttribute.upperProtocol | Self.nested, inner))
        #expect(socket?.upperProtocol == "tls" && socket?.multipath == nil)
        #expect(Self.socket(Self.fixed())?.multipath == nil)
    }

    /// What a newer kernel adds between, and longer values, are skipped.
    @Test func unknownAttributesAreSkipped() throws {
        var attributes = Self.joined
        attributes.insert(Netlink.attribute(61, [9, 9, 9, 9, 9]), at: 1)
        attributes[2] = Netlink.attribute(2, Netlink.native(Self.token) + [1, 2, 3, 4])
        let state = try #require(Self.socket(Self.subflow(attributes))?.multipath)
        #expect(state.token == Self.token && state.addressIdentifier == 1)
    }

    /// An attribute that says to be longer than what is left: what stood before it holds, nothing behind it is read.
    @Test func aLengthThatIsNotThere() throws {
        var attributes = Self.joined
        attributes[2] = Netlink.native(UInt16(0xffff)) + Netlink.native(UInt16(8)) + [0, 0, 0, 0]
        let state = try #require(Self.socket(Self.subflow(attributes))?.multipath)
        #expect(state.token == Self.token && state.addressIdentifier == nil)
    }

    @Test func theConnectionsOwnSocket() throws {
        let connection = try #require(Self.connection(Self.information(), unread: 21_664))
        #expect(connection.subflows == 2 && connection.notSent == 0 && connection.unreadMemory == 21_664)
        #expect(connection.acknowledgedBytes == 20_000 && connection.retransmissions == 3)
        let waiting = try #require(Self.connection(Self.information(written: 90_000, sent: 25_000)))
        #expect(waiting.notSent == 65_000)
        // Counts that are not of one moment, or of another connection, tell nothing.
        #expect(Self.connection(Self.information(sent: 21_000))?.notSent == nil)
        #expect(Self.connection(Self.information(token: 1)) == nil)
    }

    /// Older kernels answer with less: no number is made of what is not there.
    @Test func olderKernels() throws {
        let whole = Self.information(written: 90_000)
        for length in 0...whole.count {
            let connection = Self.connection(Array(whole.prefix(length)))
            #expect((connection == nil) == (length < 16))
            #expect((connection?.notSent == 70_000) == (length >= 80))
            #expect((connection?.subflows == 2) == (length >= 81))
        }
    }

    /// Cut at every byte: no trap, and no value that the whole answer does not have.
    @Test func cutAtEveryByte() {
        let whole = Self.subflow(Self.joined)
        let answer = Self.fixed() + Netlink.attribute(SocketAttribute.information, Self.information())
        for length in 0..<whole.count {
            let state = Self.socket(Array(whole.prefix(length)))?.multipath
            #expect(state?.token == nil || state?.token == Self.token)
        }
        for length in 0..<answer.count {
            withSpan(Array(answer.prefix(length))) {
                #expect(MultipathMessage.connection($0, token: Self.token) == nil)
            }
        }
    }

    /// The subflow's socket holds nothing of what the connection's does.
    @Test func aSubflowTakesWhatItsConnectionHolds() throws {
        func taken(_ connection: MultipathConnection?) throws -> KernelSocket {
            var socket = try #require(Self.socket(Self.subflow(Self.joined)))
            socket.notSent = 1_000
            socket.acknowledgedBytes = 17
            socket.take(connection)
            return socket
        }
        let reading = try taken(Self.connection(Self.information(written: 90_000, sent: 25_000)))
        #expect(reading.notSent == 66_000 && reading.unread == 0 && reading.acknowledgedBytes == 20_000)
        // Memory is not a count of bytes.
        #expect(try taken(Self.connection(Self.information(), unread: 21_664)).unread == nil)
        let silent = try taken(nil)
        #expect(silent.notSent == nil && silent.unread == nil && silent.acknowledgedBytes == nil)
    }
}
