import Foundation
import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopHost

/// The reader against this kernel: sockets of this process, namespaces that go away, processes that end.
@Suite(.serialized) struct HostReaderTests {
    /// Two ends of a connection on loopback, and the listener.
    private final class Connection {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let near = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var far: Int32 = -1
        var ends: (near: Endpoint, far: Endpoint) = (.unspecified, .unspecified)

        init?(accepts: Bool = true) {
            guard listener >= 0, near >= 0, listen(listener, 2) == 0, let bound = Self.end(listener, isPeer: false)
            else {
                return nil
            }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = bound.port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(near, $0, size) }
            }
            guard status == 0 else { return nil }
            if accepts { far = accept(listener, nil, nil) }
            guard let local = Self.end(near, isPeer: false), let peer = Self.end(near, isPeer: true) else { return nil }
            ends = (local, peer)
        }

        deinit { for descriptor in [listener, near, far] where descriptor >= 0 { close(descriptor) } }

        static func end(_ descriptor: Int32, isPeer: Bool) -> Endpoint? {
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe isPeer ? getpeername(descriptor, $0, &size) : getsockname(descriptor, $0, &size)
                }
            }
            guard status == 0 else { return nil }
            return Endpoint(
                address: IPAddress(v4: UInt32(bigEndian: address.sin_addr.s_addr)),
                port: UInt16(bigEndian: address.sin_port))
        }

        func write(_ count: Int) { _ = unsafe send(near, [UInt8](repeating: 7, count: count), count, 0) }

        var key: FlowKey { FlowKey(source: ends.near, destination: ends.far, transport: 6) }
    }

    private static func now() -> Timestamp {
        Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    }

    private func reader() throws -> HostReader {
        try #require(HostReader(devices: ["lo"], entersNamespaces: false, helper: nil))
    }

    /// Bytes that the application has not read are counted to the byte, and the socket's owner is this process.
    @Test func ownSocketsAndTheirOwner() throws {
        let connection = try #require(Connection())
        connection.write(5_000)
        let reader = try reader()
        var requests = HostRequests()
        requests.flows = [connection.key]
        usleep(20_000)
        let report = reader.read(requests, at: Self.now())
        // Both ends are here: the one that the key names first answers.
        let socket = try #require(report.sockets.first)
        #expect([connection.ends.near, connection.ends.far].contains(socket.local))
        if socket.local == connection.ends.far { #expect(socket.unread == 5_000) }
        #expect(socket.state == .established && socket.smoothedRoundTrip != nil)
        #expect(socket.congestionWindow ?? 0 > 0 && socket.memory?.receiveLimit ?? 0 > 0)
        let owner = try #require(report.owners[socket.inode])
        #expect(owner.pid == Int(getpid()) && owner.user != nil)
        #expect(report.host?.sockets.tcp ?? 0 >= 2)
        #expect(report.host?.layers.contains { $0.layer == .softnet } == true)
        #expect(report.host?.fullest.contains { $0.bytes >= 5_000 } == true)
    }

    /// Nobody accepts: the queue of the listener holds the call.
    @Test func acceptQueues() throws {
        let connection = try #require(Connection(accepts: false))
        usleep(20_000)
        let report = try reader().read(HostRequests(), at: Self.now())
        let port = connection.ends.far.port
        let layer = try #require(report.host?.layers.first { $0.layer == .acceptQueue && $0.name == "tcp:\(port)" })
        #expect(layer.occupied == 1 && layer.capacity == 2 && layer.unit == .connections)
    }

    /// A socket that is gone is not found, and no other is taken for it.
    @Test func closedSocketsAreNotFound() throws {
        var requests = HostRequests()
        do {
            let connection = try #require(Connection())
            requests.flows = [connection.key]
        }
        usleep(20_000)
        #expect(try reader().read(requests, at: Self.now()).sockets.isEmpty)
    }

    /// Inodes of nobody: the scan ends and finds none.
    @Test func ownersThatAreGone() {
        let result = OwnerScan.scan([4_000_000_000, 4_000_000_001])
        #expect(result.owners.isEmpty)
    }

    /// A hundred thousand sockets in one dump are read in time, and none is lost.
    @Test func aHundredThousandSockets() throws {
        let one = try #require(try NetlinkFixture("sock-tcp4-client").datagrams.first)
        let length = one.prefix(4).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let message = Array(one.prefix(length))
        let datagram = Array(repeatElement(message, count: 200).joined())
        let answer = NetlinkAnswer(isDump: true)
        var count = 0
        for _ in 0..<500 {
            try withSpan(datagram) { bytes in
                _ = try answer.read(bytes) { _, body in count += SocketMessage(body) == nil ? 0 : 1 }
            }
        }
        #expect(count == 100_000)
    }

    private static let isRoot = getuid() == 0
    private static let ip = ["/usr/sbin/ip", "/sbin/ip", "/bin/ip"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private static func ip(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: ip ?? "")
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
    }

    /// A namespace that vanishes while its handles are open: what is left answers, nothing traps, the others go on.
    @Test(
        .enabled(if: isRoot && ip != nil, "needs root and ip(8): network namespaces"))
    func aNamespaceThatVanishes() throws {
        let name = "streamtop-test-\(getpid())"
        try Self.ip("netns", "add", name)
        defer { try? Self.ip("netns", "del", name) }
        let reader = try #require(HostReader(devices: ["any"], entersNamespaces: true, helper: nil))
        let before = NamespaceList.own
        _ = reader.read(HostRequests(), at: Self.now())
        try Self.ip("netns", "del", name)
        let connection = try #require(Connection())
        var requests = HostRequests()
        requests.flows = [connection.key]
        let report = reader.read(requests, at: Self.now() + .seconds(2))
        #expect(report.sockets.count == 1)
        #expect(NamespaceList.own == before, "the thread came back")
    }

    /// What cannot be entered is named with the reason.
    @Test func namespacesThatCannotBeEntered() {
        let gone = NamespaceList.open(
            NamespaceList.Entry(path: "/run/netns/streamtop-none", name: "none", inode: 1))
        #expect(gone.handle == nil && gone.reason == "it has gone" && !gone.isLost)
    }
}
