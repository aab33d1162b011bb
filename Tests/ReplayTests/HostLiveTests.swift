import Foundation
import Testing

/// What the whole program says of the host it runs on: sockets behind NAT, namespaces that come and go, no root. In networks of
/// their own, with real sockets.
@Suite(.serialized, .enabled(if: NetworkNamespace.isAvailable, NetworkNamespace.reason))
struct HostLiveTests {
    private static let hasNAT = ["/usr/sbin/nft", "/usr/bin/python3"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private func start(
        _ network: NetworkNamespace, _ interface: String, _ more: [String] = []
    ) throws -> RunningProgram {
        let program = try RunningProgram(
            ["--json", "-i", interface, "--interval", "200ms"] + more, wrapper: network.wrapper)
        #expect(program.waitFor { !$0.records("meta").isEmpty }, "\(program.errors)")
        return program
    }

    /// A container that calls out through a bridge and this host's masquerading: its socket is joined, and the queue of its own
    /// interface is a rung of the flow.
    @Test(.enabled(if: hasNAT, "needs nft(8) and python3"))
    func socketsBehindNAT() throws {
        let host = try NetworkNamespace()
        let guest = try NetworkNamespace()
        let outside = try NetworkNamespace()
        try host.bash(
            """
            set -e
            ip link add br0 type bridge; ip link set br0 up; ip address add 172.31.7.1/24 dev br0
            ip link add cable type veth peer name eth0 netns \(guest.name); ip link set cable master br0 up
            ip link add eth0 type veth peer name eth0 netns \(outside.name)
            ip address add 10.91.0.1/24 dev eth0; ip link set eth0 up
            echo 1 > /proc/sys/net/ipv4/ip_forward
            nft -f - <<'END'
            table ip nat { chain out { type nat hook postrouting priority 100; oifname "eth0" masquerade; }; }
            END
            """)
        try guest.bash(
            """
            set -e
            ip address add 172.31.7.2/24 dev eth0; ip link set eth0 up; ip route add default via 172.31.7.1
            tc qdisc add dev eth0 root tbf rate 8mbit burst 3000 limit 300000
            """)
        try outside.bash("ip address add 10.91.0.2/24 dev eth0 && ip link set eth0 up")
        let server = try RunningProgram(
            [
                "-c",
                """
                import signal, socket
                signal.alarm(60)
                c = socket.create_server(('10.91.0.2', 443)).accept()[0]
                while c.recv(65536): pass
                """,
            ], wrapper: outside.wrapper, command: "/usr/bin/python3")
        let program = try start(host, "eth0")
        let client = try RunningProgram(
            [
                "-c",
                """
                import signal, socket, time
                signal.alarm(60)
                while True:
                    try: s = socket.create_connection(('10.91.0.2', 443)); break
                    except OSError: time.sleep(0.1)
                while True: s.sendall(bytes(8192))
                """,
            ], wrapper: guest.wrapper, command: "/usr/bin/python3")
        #expect(
            program.waitFor(seconds: 40) {
                $0.output.contains("\"nat\":{\"local\":\"172.31.7.2:")
                    && $0.output.contains("\"name\":\"\(guest.name)/eth0\",\"occupied_bytes\"")
            }, "\(program.output.suffix(2_000))")
        #expect(program.output.contains("\"process\":{\"pid\":"))
        #expect(program.stop() == 0)
        client.signal(SIGKILL)
        server.signal(SIGKILL)
    }

    private static let hasMultipath = FileManager.default.fileExists(atPath: "/proc/sys/net/mptcp/enabled")

    /// Two subflows of one Multipath TCP connection: joined by the kernel's token, with the owner, and what the reader leaves lying is in
    /// neither subflow's socket.
    @Test(
        .enabled(
            if: hasMultipath && FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"),
            "needs a kernel with Multipath TCP, and python3"))
    func subflowsOfMultipathTCP() throws {
        let network = try NetworkNamespace()
        try network.bash(
            """
            set -e
            echo 1 > /proc/sys/net/mptcp/enabled
            for n in 1 2 3; do ip address add 10.9.0.$n/32 dev lo; done
            ip mptcp limits set subflow 4 add_addr_accepted 4
            ip mptcp endpoint add 10.9.0.3 dev lo subflow
            """)
        let program = try start(network, "lo")
        let talk = try RunningProgram(
            [
                "-c",
                """
                import signal, socket, time
                signal.alarm(60)
                s = socket.socket(proto=262); s.bind(('10.9.0.1', 8080)); s.listen()
                c = socket.socket(proto=262); c.bind(('10.9.0.2', 0)); c.connect(('10.9.0.1', 8080))
                a, _ = s.accept()
                while True: a.send(bytes(10)); c.send(bytes(10)); c.recv(10); time.sleep(0.05)
                """,
            ], wrapper: network.wrapper, command: "/usr/bin/python3")
        #expect(
            program.waitFor(seconds: 40) {
                $0.output.contains(
                    /"mptcp":\{"token":"[0-9a-f]+"[^}]*"subflows":2[^}]*"unread_memory_bytes":[1-9][^}]*"with":\["f[0-9]+"\]/
                )
            }, "\(program.output.suffix(2_000))")
        #expect(program.waitFor(seconds: 20) { $0.output.contains("\"process\":{\"pid\":") })
        #expect(program.stop() == 0)
        talk.signal(SIGKILL)
    }

    /// What came after the rights were given up is named, with what to do; what went is named as gone.
    @Test func namespacesThatComeAndGo() throws {
        let network = try NetworkNamespace()
        var early: NetworkNamespace? = try NetworkNamespace()
        let gone = early?.name ?? ""
        let program = try start(network, "lo")
        let late = try NetworkNamespace()
        #expect(
            program.waitFor(seconds: 30) {
                $0.output.contains(
                    "\"name\":\"namespace \(late.name)\",\"reason\":\"it appeared after streamtop gave up the rights")
            })
        #expect(!program.output.contains("namespace \(gone)"))
        early = nil
        #expect(
            program.waitFor(seconds: 30) {
                $0.output.contains("\"name\":\"namespace \(gone)\",\"reason\":\"it has gone\"")
            })
        #expect(program.stop() == 0)
    }

    /// Root that stays root gives up its rights over others' processes all the same: their owners are found by the helper that has kept
    /// them, and so are those of a user who becomes nobody.
    @Test(
        .enabled(
            if: ["/usr/bin/setpriv", "/usr/bin/python3"].allSatisfy {
                FileManager.default.isExecutableFile(atPath: $0)
            },
            "needs setpriv(1) and python3"), arguments: [["-Z", "root"], ["-Z", "daemon"]])
    func ownersOfOthersProcesses(_ user: [String]) throws {
        let network = try NetworkNamespace()
        let program = try start(network, "lo", user)
        let talk = try RunningProgram(
            [
                "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c",
                """
                import signal, socket, time
                signal.alarm(60)
                s = socket.create_server(('127.0.0.1', 8080))
                c = socket.create_connection(('127.0.0.1', 8080))
                a, _ = s.accept()
                while True: a.send(bytes(10)); c.recv(10); time.sleep(0.05)
                """,
            ], wrapper: network.wrapper, command: "/usr/bin/setpriv")
        #expect(
            program.waitFor(seconds: 40) {
                $0.output.contains(/"process":\{"pid":[0-9]+,"name":"python3","user":"nobody"/)
            }, "\(program.output.suffix(2_000))")
        #expect(!program.output.contains("no permission to see the owners"))
        #expect(program.stop() == 0)
        talk.signal(SIGKILL)
    }

    /// With no more than the right to capture, sockets of others have a user and no owner, and what is missing says why.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"), "needs setpriv(1)"))
    func noRoot() throws {
        let network = try NetworkNamespace()
        let other = try NetworkNamespace()
        let program = try RunningProgram(
            [
                "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+net_raw", "--ambient-caps=+net_raw",
                Program.path, "--json", "-i", "lo", "--interval", "200ms",
            ], wrapper: network.wrapper, command: "/usr/bin/setpriv")
        let listener = try RunningProgram(
            [
                "-c",
                """
                import socket, time
                server = socket.create_server(('127.0.0.1', 8080))
                server.settimeout(60)
                connection = server.accept()
                time.sleep(60)
                """,
            ],
            wrapper: network.wrapper, command: "/usr/bin/python3")
        #expect(program.waitFor { !$0.records("meta").isEmpty }, "\(program.errors)")
        try network.bash("sleep 1; exec 3<>/dev/tcp/127.0.0.1/8080; for i in 1 2 3 4; do echo x >&3; sleep 0.2; done")
        #expect(
            program.waitFor(seconds: 30) { $0.output.contains("no permission to see the owners of") },
            "\(program.output.suffix(2_000))")
        #expect(
            program.output.contains(
                "\"name\":\"namespace \(other.name)\",\"reason\":\"no permission to enter it: needs root\""))
        #expect(program.output.contains("\"kernel\":{"), "own namespace's sockets need no right")
        #expect(program.stop() == 0)
        listener.signal(SIGKILL)
        #expect(listener.waitForEnd() != nil)
    }
}
