import Foundation
import Testing

/// Live captures in a network of their own: one interface, several, all; gone and back; what `-w` keeps.
@Suite(.enabled(if: NetworkNamespace.isAvailable, NetworkNamespace.reason))
struct LiveTests {
    private let network: NetworkNamespace

    init() throws {
        network = try NetworkNamespace()
    }

    private func start(_ arguments: [String]) throws -> RunningProgram {
        let program = try RunningProgram(["--json"] + arguments, wrapper: network.wrapper)
        // The first record is written when the interfaces are open.
        #expect(program.waitFor { !$0.records("meta").isEmpty }, "\(program.errors)")
        return program
    }

    /// A web server that answers one request, and the request.
    private let exchange = """
        exec python3 - <<'END'
        import socket, threading
        server = socket.create_server(("127.0.0.1", 8080))
        def answer():
            connection, _ = server.accept()
            connection.recv(4096)
            connection.sendall(b"a" * 200000)
            connection.close()
        thread = threading.Thread(target=answer)
        thread.start()
        client = socket.create_connection(("127.0.0.1", 8080))
        client.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
        while client.recv(65536): pass
        client.close()
        thread.join()
        END
        """

    @Test func whatIsWrittenReadsBackTheSame() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("live.pcapng").path
        let program = try start(["-i", "lo", "-w", path])
        try network.bash(exchange)
        try network.sendDatagrams(5, to: "127.0.0.1", port: 4711)
        #expect(program.waitFor(seconds: 5) { _ in (try? FileManager.default.attributesOfItem(atPath: path)) != nil })
        usleep(500_000)
        #expect(program.stop() == 0)
        let live = program.records("flow").filter { $0.final == true }
        #expect(live.contains { $0.protocols?.contains("tcp") == true && ($0.server?.bytes ?? 0) > 200_000 })
        #expect(live.contains { $0.protocols?.contains("udp") == true && $0.client?.packets == 1 })
        let again = try Program.run(["--json", "-r", path])
        #expect(again.status == 0, "\(again.errors)")
        let read = JSONRecord.parse(again.output)
        #expect(read.filter { $0.type == "flow" } == live)
        #expect(read.last?.packets == program.records("summary").first?.packets)
    }

    @Test func severalInterfacesAtOnce() throws {
        try network.addPair("left0", "right0")
        let program = try start(["-i", "lo", "-i", "left0", "-f", "udp"])
        try network.sendDatagrams(3, to: "127.0.0.1", port: 4711)
        try sendAcross(port: 4712)
        usleep(500_000)
        #expect(program.stop() == 0)
        let ports = program.records("flow").filter { $0.final == true }.map { $0.server?.port ?? 0 }
        #expect(ports.filter { $0 == 4711 }.count == 3)
        #expect(ports.filter { $0 == 4712 }.count == 2)
    }

    @Test func anyInterface() throws {
        let program = try start(["-i", "any", "-f", "udp port 4711"])
        try network.sendDatagrams(3, to: "127.0.0.1", port: 4711)
        usleep(500_000)
        #expect(program.stop() == 0)
        #expect(program.records("flow").filter { $0.final == true && $0.server?.port == 4711 }.count == 3)
    }

    /// The interface is deleted and made again while the capture runs.
    @Test func interfaceVanishesAndReturns() throws {
        try network.addPair("left0", "right0")
        let program = try start(["-i", "left0", "-f", "udp"])
        try sendAcross(port: 4711)
        // What the kernel still holds when an interface goes is lost.
        #expect(program.waitFor { !$0.records("event").isEmpty })
        try network.remove("left0")
        usleep(1_500_000)
        try network.addPair("left0", "right0")
        // It is tried again once a second.
        usleep(2_500_000)
        try sendAcross(port: 4712)
        usleep(500_000)
        #expect(program.stop() == 0, "\(program.errors)")
        let ports = program.records("flow").filter { $0.final == true }.map { $0.server?.port ?? 0 }
        #expect(ports.contains(4711))
        #expect(ports.contains(4712))
    }

    @Test func screenSaysThatTheInterfaceIsGone() throws {
        try network.addPair("left0", "right0")
        let terminal = try PseudoTerminal(
            ["-i", "left0"], wrapper: network.wrapper, environment: ["TERM": "xterm-256color"], columns: 120, rows: 40)
        #expect(terminal.waitFor("streamtop"))
        try network.remove("left0")
        // Painted as a whole: of a line that changes only the cells that differ are sent.
        #expect(repainted(terminal, until: { $0.waitFor("waiting for it to return", seconds: 2) }))
        try network.addPair("left0", "right0")
        usleep(2_500_000)
        terminal.forget()
        try sendAcross(port: 4712)
        #expect(terminal.waitFor("10.99.0.77:4712"))
        #expect(
            repainted(
                terminal,
                until: {
                    $0.waitFor("10.99.0.77:4712", seconds: 2) && !$0.waitFor("waiting for it to return", seconds: 0)
                }))
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
        #expect(terminal.modesAreRestored)
    }

    /// Has the whole screen painted again and again until it is as `condition` wants it.
    private func repainted(_ terminal: PseudoTerminal, until condition: (PseudoTerminal) -> Bool) -> Bool {
        for _ in 0..<15 {
            terminal.forget()
            terminal.type("\u{0c}")
            if condition(terminal) { return true }
        }
        return false
    }

    /// Root leaves itself behind for the user who called sudo: number, groups and all capabilities but one.
    @Test func rootBecomesTheUserWhoCalledSudo() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.setAttributes(
            [.ownerAccountID: 65_534, .groupOwnerAccountID: 65_534], ofItemAtPath: folder.url.path)
        let path = folder.url.appendingPathComponent("live.pcapng").path
        let program = try RunningProgram(
            ["--json", "-i", "lo", "-w", path], wrapper: network.wrapper,
            environment: ["SUDO_UID": "65534", "SUDO_GID": "65534"])
        #expect(program.waitFor { !$0.records("meta").isEmpty }, "\(program.errors)")
        let status = try String(contentsOfFile: "/proc/\(program.identifier)/status", encoding: .utf8)
        func field(_ name: String) -> String? {
            status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
        #expect(field("Uid") == "65534\t65534\t65534\t65534")
        #expect(field("Gid") == "65534\t65534\t65534\t65534")
        #expect(field("Groups") == "")
        // CAP_NET_RAW, to open an interface that comes back.
        #expect(field("CapEff") == "0000000000002000")
        #expect(field("CapPrm") == "0000000000002000")
        #expect(field("CapInh") == "0000000000000000")
        #expect(field("NoNewPrivs") == "1")
        try network.sendDatagrams(3, to: "127.0.0.1", port: 4711)
        usleep(500_000)
        #expect(program.stop() == 0)
        #expect(program.flowPackets >= 3)
        let owner = try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? UInt32
        #expect(owner == 65_534)
    }

    /// Two datagrams out by the wire, to an address that nobody has but whose place is known.
    /// Root that nobody else stands behind becomes nobody, with what it was asked to write already open.
    @Test func rootBecomesNobody() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.path + "/root.pcapng"
        let program = try start(["-i", "lo", "-w", path])
        #expect(identity(program)["Uid"] == "65534\t65534\t65534\t65534")
        #expect(identity(program)["CapEff"] == "0000000000002000")
        try network.sendDatagrams(3, to: "127.0.0.1", port: 4711)
        #expect(program.waitFor { !$0.records("event").isEmpty })
        #expect(program.stop() == 0)
        let read = try Program.run(["--json", "-r", path])
        #expect(JSONRecord.parse(read.output).last?.packets == program.records("summary").first?.packets)
        let other = try start(["-i", "lo", "-Z", "daemon"])
        #expect(identity(other)["Uid"] == "1\t1\t1\t1")
        let root = try start(["-i", "lo", "-Z", "root"])
        #expect(identity(root)["Uid"] == "0\t0\t0\t0")
        #expect(identity(root)["CapEff"] == "0000000000002000")
        let unknown = try RunningProgram(["--json", "-i", "lo", "-Z", "no-such-user"], wrapper: network.wrapper)
        #expect(unknown.waitForEnd() == 1)
        #expect(unknown.errors.contains("there is no user no-such-user"))
    }

    /// The log appears when root is left behind, and is its writer's alone: that is said, not that it holds nothing; and it is read
    /// once it may be.
    @Test func aKeyLogThatMayNotBeReadIsSaid() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.url.path)
        let path = folder.url.path + "/keys"
        let program = try start(["-i", "lo", "--keylog", path])
        try network.sendDatagrams(3, to: "127.0.0.1", port: 4711)
        #expect(program.waitFor { !$0.records("event").isEmpty })
        #expect(program.errors.isEmpty, "a log that is not there yet may still come")
        _ = try folder.file("keys", Array("CLIENT_RANDOM \(hex(32)) \(hex(48))\n".utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let complaint =
            "\(path): the key log cannot be read by nobody, who runs this now (-Z USER chooses): Permission denied"
        #expect(program.waitFor(seconds: 10) { $0.errors.contains(complaint) }, "\(program.errors)")
        #expect(program.stop() == 0)
        #expect(program.errors == "streamtop: \(complaint)\n", "said once, and not that 0 were read")
        let last = program.output.split(separator: "\n").last.map(String.init) ?? ""
        #expect(last.contains(#""keylog_trouble":"\#(complaint)""#) && last.contains(#""secrets":0"#), "\(last)")

        let other = try start(["-i", "lo", "--keylog", path, "-Z", "root"])
        try network.sendDatagrams(3, to: "127.0.0.1", port: 4711)
        #expect(other.waitFor { !$0.records("event").isEmpty })
        #expect(other.stop() == 0)
        let summary = other.output.split(separator: "\n").last.map(String.init) ?? ""
        #expect(summary.contains(#""secrets":1"#) && !summary.contains("keylog_trouble"), "\(summary)")
    }

    private func hex(_ bytes: Int) -> String { String(repeating: "5a", count: bytes) }

    /// A setuid binary is no way to read what is root's, nor to become somebody else.
    @Test func aSetuidBinaryHasItsCallersRights() throws {
        let folder = try TemporaryFolder()
        let binary = folder.url.path + "/streamtop"
        try FileManager.default.copyItem(atPath: Program.path, toPath: binary)
        try FileManager.default.setAttributes([.posixPermissions: 0o4755], ofItemAtPath: binary)
        let secret = try folder.file("secret.toml", Array("$6$root's own".utf8)).path
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: secret)
        let caller = "setpriv --reuid=65534 --regid=65534 --clear-groups"
        let config = try Shell.run("\(caller) \"$1\" --config \"$2\" --print-config", [binary, secret])
        #expect(config.status == 5)
        #expect(config.errors == "streamtop: \(secret): cannot be read\n")
        for user in ["root", "daemon"] {
            let other = try Shell.run("\(caller) \"$1\" --json -i lo -c 1 -Z \(user)", [binary])
            #expect(other.status == 1)
            #expect(other.errors.contains("-Z is for root"), "\(other.errors)")
        }
        let capture = try folder.file("m.pcap", SampleCapture.bytes()).path
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: capture)
        #expect(try Shell.run("\(caller) \"$1\" --json -r \"$2\"", [binary, capture]).status == 4)
        let program = try RunningProgram(
            ["--reuid=65534", "--regid=65534", "--clear-groups", binary, "--json", "-i", "lo"],
            command: "/usr/bin/setpriv")
        #expect(program.waitFor { !$0.records("meta").isEmpty }, "\(program.errors)")
        #expect(identity(program)["Uid"] == "65534\t65534\t65534\t65534")
        #expect(program.stop() == 0)
    }

    /// Fields of the process's status (proc(5)).
    private func identity(_ program: RunningProgram) -> [String: String] {
        let text = (try? String(contentsOfFile: "/proc/\(program.identifier)/status", encoding: .utf8)) ?? ""
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        return fields
    }

    /// What the kernel's buffer holds when the end is asked for is analysed before the summary is written.
    @Test func whatIsCapturedBeforeTheEndIsTold() throws {
        let program = try start(["-i", "lo", "--no-events"])
        program.signal(SIGSTOP)
        try network.sendDatagrams(300, to: "127.0.0.1", port: 4711)
        // Each datagram and the refusal of a port that nobody has, both counted.
        program.signal(SIGTERM)
        program.signal(SIGCONT)
        #expect(program.waitForEnd() == 0)
        let datagrams = program.records("flow").filter { $0.server?.port == 4711 }.map { $0.client?.packets ?? 0 }
        #expect(datagrams.reduce(0, +) == 300)
    }

    /// An analysis that stood still is behind the wire, and says by how much at the end.
    @Test func anAnalysisThatStandsStillIsBehind() throws {
        let program = try start(["-i", "lo", "--no-events"])
        program.signal(SIGSTOP)
        try network.sendDatagrams(50, to: "127.0.0.1", port: 4711)
        usleep(2_600_000)
        program.signal(SIGCONT)
        #expect(program.waitFor { $0.output.contains("4711") || !$0.records("sample").isEmpty })
        #expect(program.stop() == 0)
        let summary = program.output.split(separator: "\n").last.map(String.init) ?? ""
        let text = summary.components(separatedBy: #""behind_max_ms":"#).dropFirst().first ?? ""
        let behind = Double(text.prefix { $0.isNumber || $0 == "." }) ?? 0
        #expect(behind > 2_000 && behind < 60_000, "\(summary)")
    }

    /// A player that stops reading: named while its sender waits, and every second of it counts.
    @Test func aReaderThatStopsIsNamedWhileItLasts() throws {
        let folder = try TemporaryFolder()
        let note = folder.url.appendingPathComponent("stopped").path
        let program = try start(["-i", "lo", "--interval", "200ms"])
        try network.bash(
            """
            exec python3 - <<'END'
            import socket, threading, time
            server = socket.create_server(("127.0.0.1", 8081))
            def send():
                connection, _ = server.accept()
                connection.settimeout(15)
                try:
                    while True:
                        connection.send(b"a" * 20000)
                        time.sleep(0.02)
                except OSError: pass
            threading.Thread(target=send, daemon=True).start()
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 30000)
            client.connect(("127.0.0.1", 8081))
            end = time.time() + 0.5
            while time.time() < end: client.recv(65536)
            open("\(note)", "w").write(str(time.time()))
            time.sleep(3)
            END
            """)
        #expect(program.stop() == 0)
        let stopped = try #require(Double(try String(contentsOfFile: note, encoding: .utf8)))
        let lines = program.output.split(separator: "\n")
        let verdict = try #require(lines.first { $0.contains(#""event":"verdict""#) && $0.contains("zero_window") })
        let stamp = try #require(verdict.components(separatedBy: #""ts":""#).dropFirst().first?.prefix(23))
        let reader = ISO8601DateFormatter()
        reader.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        let named = try #require(reader.date(from: stamp + "Z")).timeIntervalSince1970
        #expect(named - stopped < 3 && named - stopped > -0.5)
        let last = try #require(lines.last { $0.contains(#""type":"flow""#) && $0.contains(#""port":8081"#) })
        let shut = last.components(separatedBy: #""zero_window_ms":"#).dropFirst().compactMap { part in
            Double(part.prefix { $0.isNumber || $0 == "." })
        }
        #expect((shut.max() ?? 0) > 2_000)
    }

    /// A buffer holds what it is asked for; what it could not take, and what is left in it at the end, is counted.
    @Test(arguments: [1, 16]) func theBufferHoldsWhatItIsAskedFor(mebibytes: Int) throws {
        try network.addPair("left0", "right0")
        let program = try start(["-i", "left0", "-f", "udp port 4712", "--no-events", "-B", "\(mebibytes)"])
        program.signal(SIGSTOP)
        try network.bash(
            """
            ip neighbour replace 10.99.0.77 lladdr 02:00:00:00:00:77 dev left0
            exec python3 - <<'END'
            import socket
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            for _ in range(4000): sender.sendto(b"a" * 1000, ("10.99.0.77", 4712))
            END
            """)
        program.signal(SIGTERM)
        program.signal(SIGCONT)
        #expect(program.waitForEnd() == 0)
        let summary = program.output.split(separator: "\n").last.map(String.init) ?? ""
        func count(_ name: String) -> Int {
            let text = summary.components(separatedBy: "\"\(name)\":").dropFirst().first ?? ""
            return Int(text.prefix { $0.isNumber }) ?? -1
        }
        let seen = program.records("flow").filter { $0.server?.port == 4712 }.map { $0.client?.packets ?? 0 }
        #expect(seen.reduce(0, +) + count("kernel") + count("streamtop") == 4000, "\(summary)")
        #expect((count("kernel") > 0) == (mebibytes == 1))
    }

    private func sendAcross(port: Int) throws {
        try network.bash("ip neighbour replace 10.99.0.77 lladdr 02:00:00:00:00:77 dev left0")
        try network.sendDatagrams(2, to: "10.99.0.77", port: port)
    }
}
