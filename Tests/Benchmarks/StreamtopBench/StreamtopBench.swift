import ArgumentParser
import Foundation

/// Prints what a replay costs, beside a bare libpcap loop and the peers that are installed, all in one run.
@main
struct StreamtopBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "streamtop-bench", abstract: "Speed and memory of replays, beside peers.")

    @Option(help: "The program to measure.") var streamtop = ".build/release/streamtop"
    @Option(help: "The bare libpcap loop.") var loop = ".build/release/bare-pcap-loop"
    @Option(help: "Runs per command; the best counts.") var runs = 3
    @Option(help: "Flows of the mixed capture.") var flows = 20_000
    @Option(help: "Mean packets per flow.") var packets = 66
    @Option(help: "Packets of the encrypted downloads.") var sealedPackets = 100_000
    @Flag(help: "Only what is about encryption.") var sealedOnly = false
    @Flag(help: "Only floods of small packets that ask for much memory, and what is held of them at most.") var floods =
        false
    @Flag(help: "Only what is about media over HTTP.") var deliveryOnly = false
    @Flag(help: "Only streams of SRTP.") var streamsOnly = false
    @Flag(help: "Leave the slow peers out.") var quick = false
    @Flag(help: "Keep the captures that were made.") var keep = false

    func run() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("streamtop-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { if !keep { try? FileManager.default.removeItem(at: folder) } }

        if sealedOnly { return try sealed(folder) }
        if floods { return try flood(folder) }
        if deliveryOnly {
            media()
            return try delivery(folder)
        }
        if streamsOnly { return try streams(folder) }
        let mixed = folder.appendingPathComponent("mixed.pcap").path
        var capture = MixedCapture(flows: flows, packetsPerFlow: packets, concurrent: 4_000)
        try capture.write(to: mixed)
        print(
            "mixed capture: \(capture.packets) packets, \(capture.bytes / 1_000_000) MB, \(flows) flows; ",
            terminator: "")
        print("best of \(runs) runs by CPU time")
        table(mixed, packets: capture.packets)

        let wide = folder.appendingPathComponent("wide.pcap").path
        var many = MixedCapture(flows: 100_000, packetsPerFlow: 12, concurrent: 100_000)
        try many.write(to: wide)
        print("\n100,000 flows at once: \(many.packets) packets, \(many.bytes / 1_000_000) MB")
        row("streamtop --json", [streamtop, "--json", "-r", wide], packets: many.packets, against: nil)

        let long = folder.appendingPathComponent("long.pcap").path
        var lasting = MixedCapture(flows: 2_000, packetsPerFlow: 200, concurrent: 500)
        try lasting.write(to: long)
        print("\nmemory against length: the same 500 flows at a time, 10 times as long a file")
        row("streamtop --json, long", [streamtop, "--json", "-r", long], packets: lasting.packets, against: nil)
        var short = MixedCapture(flows: 200, packetsPerFlow: 200, concurrent: 50)
        let brief = folder.appendingPathComponent("short.pcap").path
        try short.write(to: brief)
        row("streamtop --json, short", [streamtop, "--json", "-r", brief], packets: short.packets, against: nil)
        try sealed(folder)
        media()
        try delivery(folder)
        try streams(folder)
        try redraw(folder)
        host()
    }

    /// A thousand streams at 50 packets a second, for ten seconds and for forty; a tenth of them; and a box that forwards.
    private func streams(_ folder: URL) throws {
        print("\nSRTP, 50 packets a second a stream")
        print(header)
        var peaks: [Double] = []
        for (count, seconds) in [(1_000, 40), (1_000, 10), (100, 10)] {
            let path = folder.appendingPathComponent("streams.pcap").path
            let packets = try StreamCost(streams: count, seconds: seconds).write(to: path)
            let cost = row(
                "\(count) streams, \(seconds) s", [streamtop, "--json", "--no-events", "-r", path], packets: packets,
                against: nil)
            guard let cost else { continue }
            peaks.append(cost.peakMegabytes)
            print(
                "    \(text(cost.cpuSeconds / Double(packets) * 1e9, 0)) ns a packet, "
                    + "\(text(cost.cpuSeconds / Double(seconds) * 100, 1)) % of a core")
            if count == 1_000, seconds == 10 { compare(cost, on: path, packets: packets) }
        }
        if peaks.count == 3 {
            print(
                "    \(text((peaks[1] - peaks[2]) / 900 * 1_000, 1)) kB a stream; "
                    + "four times as long: \(text(peaks[0] - peaks[1], 0)) MB more")
        }
        let path = folder.appendingPathComponent("box.pcap").path
        let packets = try StreamCost(incoming: 20, streams: 500, seconds: 20).write(to: path)
        print("a box that forwards 20 streams to 24 each: \(packets) packets")
        let mine = row(
            "streamtop --json", [streamtop, "--json", "--no-events", "-r", path], packets: packets, against: nil)
        if let mine { compare(mine, on: path, packets: packets) }
    }

    /// The peer that lists RTP streams, on the same capture.
    private func compare(_ mine: Measurement, on path: String, packets: Int) {
        guard !quick, isInstalled("tshark") else { return }
        let command = ["tshark", "-n", "-r", path, "-q", "-o", "rtp.heuristic_rtp:TRUE", "-z", "rtp,streams"]
        let peer = row("tshark -z rtp,streams", command, packets: packets, against: nil, runs: 1)
        if let peer { print("    streamtop is \(text(peer.cpuSeconds / mine.cpuSeconds, 1)) times as fast") }
    }

    private func media() {
        print("\nreading media in pieces of a TCP segment, GB a second in one thread")
        let memory = MediaCost.memory()
        for cost in [memory, MediaCost.boxes(), MediaCost.packets()] {
            print(
                pad(cost.name, 34) + lead(text(cost.bytesPerSecond / 1e9, 2), 9)
                    + lead(text(100 * cost.bytesPerSecond / memory.bytesPerSecond, 0) + " %", 9))
        }
    }

    /// Players of live DASH: a gigabit a second of them on one core, and as many sessions as are followed.
    private func delivery(_ folder: URL) throws {
        let path = folder.appendingPathComponent("delivery.pcap").path
        var gigabit = DeliveryCapture(players: 200, chunks: 15, chunkBytes: 125_000)
        try gigabit.write(to: path)
        let rate = Double(gigabit.bytes) * 8 / gigabit.seconds / 1e9
        print(
            "\nlive DASH, 200 players: \(text(rate, 2)) Gbit/s for \(text(gigabit.seconds, 1)) s, \(gigabit.packets) packets"
        )
        print(header)
        let cost = row("streamtop --json", [streamtop, "--json", "-r", path], packets: gigabit.packets, against: nil)
        if let cost { print("    \(text(100 * cost.cpuSeconds / gigabit.seconds, 0)) % of a core at that rate") }
        for players in [500, 5_000] {
            var many = DeliveryCapture(players: players, chunks: 20, chunkBytes: 1_000)
            try many.write(to: path)
            print("\n\(players) sessions of two segments: \(many.packets) packets, \(many.bytes / 1_000_000) MB")
            row(
                "streamtop --json --no-events", [streamtop, "--json", "--no-events", "-r", path], packets: many.packets,
                against: nil, runs: 1)
        }
    }

    /// Each flood as a replay: packets, time and the most memory; of the last, how much of the media beside it is kept.
    private func flood(_ folder: URL) throws {
        print(pad("flood", 68) + ["packets", "CPU s", "peak MB"].map { lead($0, 10) }.joined())
        for flood in FloodCost.allCases {
            let path = folder.appendingPathComponent("flood.pcap").path
            let packets = try flood.write(to: path)
            guard let cost = measure([streamtop, "--json", "--no-events", "-r", path], runs: 1) else {
                print(pad(flood.rawValue, 68) + "  could not be run, or took too long")
                continue
            }
            let cells = ["\(packets)", text(cost.cpuSeconds, 2), text(cost.peakMegabytes, 0)]
            let verdict =
                cost.status != 0 ? "  exit \(cost.status)" : cost.peakMegabytes > FloodCost.bound ? "  TOO MUCH" : ""
            print(pad(flood.rawValue, 68) + cells.map { lead($0, 10) }.joined() + verdict)
            guard flood == .datagrams || flood.spendsBudget else { continue }
            let output = folder.appendingPathComponent("flood.json").path
            _ = measure(["sh", "-c", "\(streamtop) --json --no-events -r \(path) > \(output)"], runs: 1)
            if flood.spendsBudget {
                let (releases, megabytes) = try FloodCost.released(in: output)
                print("    given up for want of memory: \(text(megabytes, 0)) MB in \(releases) turns")
                continue
            }
            print("    media flows kept whole: \(try FloodCost.mediaKept(in: output)) of \(FloodCost.mediaFlows)")
        }
    }

    /// Opening what is encrypted: beside libcrypto alone on the same bytes, and as replays of downloads with a key log.
    private func sealed(_ folder: URL) throws {
        print("\nopening what is encrypted, thousands a second in one thread: libcrypto alone (C), streamtop, share")
        let download = SealedTraffic.quicDownload(packets: sealedPackets)
        for cost in [
            DecryptionCost.initials(20_000), DecryptionCost.opening(download), DecryptionCost.oneRTT(download),
            DecryptionCost.records(sealedPackets / 50, recordBytes: 16_384),
            DecryptionCost.records(sealedPackets / 5, recordBytes: 1_400),
        ] {
            let cells = [
                text(cost.libcrypto / 1e3, 1), text(cost.streamtop / 1e3, 1),
                text(100 * cost.streamtop / cost.libcrypto, 0) + " %",
            ]
            print(pad("\(cost.name), \(cost.bytes) bytes", 34) + cells.map { lead($0, 9) }.joined())
        }
        let keys = folder.appendingPathComponent("keys").path
        try SealedTraffic.keyLog.write(toFile: keys, atomically: true, encoding: .utf8)
        let quic = folder.appendingPathComponent("quic.pcap").path
        let tls = folder.appendingPathComponent("tls.pcap").path
        let count = try SealedCapture.writeQUIC(download, to: quic)
        try replay("QUIC", quic, keys: keys, packets: count)
        let streams = SealedTraffic.tlsDownload(records: sealedPackets / 14)
        try replay("TLS 1.3", tls, keys: keys, packets: try SealedCapture.writeTLS(streams, to: tls))
    }

    private func replay(_ name: String, _ file: String, keys: String, packets: Int) throws {
        let size = (try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
        print("\n\(name) download with its key log: \(packets) packets, \(size / 1_000_000) MB")
        print(header)
        let bare = row("bare libpcap loop (C)", [loop, file], packets: packets, against: nil)
        let mine = row(
            "streamtop --json --keylog", [streamtop, "--json", "--keylog", keys, "-r", file], packets: packets,
            against: bare)
        guard !quick, isInstalled("tshark") else { return }
        let peer = row(
            "tshark, same key log",
            ["tshark", "-n", "-o", "tls.keylog_file:\(keys)", "-r", file, "-q", "-z", "io,phs"], packets: packets,
            against: bare, runs: 1)
        if let peer, let mine { print("    streamtop is \(text(peer.cpuSeconds / mine.cpuSeconds, 1)) times as fast") }
    }

    /// The dashboard's cost with a thousand flows, all of them busy.
    private func redraw(_ folder: URL) throws {
        let path = folder.appendingPathComponent("thousand.pcap").path
        var busy = MixedCapture(flows: 1_000, packetsPerFlow: 400, concurrent: 1_000)
        try busy.write(to: path)
        print("\ndashboard, 10 pictures a second, per picture (CPU ms): snapshot, order and draw, find changes")
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let cost = try RedrawCost.measure(path: path, width: width, height: height)
            print(
                pad("\(cost.flows) flows at \(width)x\(height)", 30)
                    + [cost.snapshotMilliseconds, cost.drawMilliseconds, cost.diffMilliseconds].map {
                        lead(text($0, 2), 9)
                    }.joined() + "   = \(text(cost.percentAtTenHertz, 1)) % of a core")
        }
    }

    /// Asking the kernel, with ten thousand sockets open: a full reading a second, and short ones between.
    private func host() {
        print("\nasking this host's kernel (CPU ms a reading): full, short")
        for count in [100, 10_000] {
            guard let cost = HostCost.measure(count: count, readings: 10) else { continue }
            print(
                pad("\(cost.sockets) sockets", 30) + [cost.full, cost.short].map { lead(text($0, 2), 9) }.joined()
                    + "   = \(text(cost.percent, 1)) % of a core")
        }
        for (name, milliseconds) in HostCost.parts() { print(pad(name, 39) + lead(text(milliseconds, 2), 9)) }
    }

    private func table(_ file: String, packets: Int) {
        print(header)
        let bare = row("bare libpcap loop (C)", [loop, file], packets: packets, against: nil)
        let mine = row("streamtop --json", [streamtop, "--json", "-r", file], packets: packets, against: bare)
        _ = row(
            "streamtop --json --no-events", [streamtop, "--json", "--no-events", "-r", file], packets: packets,
            against: bare)
        for (name, command) in peers(file) where isInstalled(command[0]) {
            let peer = row(name, command, packets: packets, against: bare, runs: 1)
            if let peer, let mine {
                print("    streamtop is \(text(peer.cpuSeconds / mine.cpuSeconds, 1)) times as fast")
            }
        }
    }

    private func peers(_ file: String) -> [(String, [String])] {
        let fast = [("capinfos -cdu", ["capinfos", "-c", "-d", "-u", file])]
        let slow = [
            ("tcptrace -n -l -r", ["tcptrace", "-n", "-l", "-r", file]),
            ("tshark -q -z conv,tcp", ["tshark", "-n", "-r", file, "-q", "-z", "conv,tcp"]),
        ]
        return quick ? fast : fast + slow
    }

    private var header: String {
        pad("command", 30) + ["CPU s", "wall s", "Mpps", "vs loop", "peak MB"].map { lead($0, 9) }.joined()
    }

    @discardableResult
    private func row(
        _ name: String, _ command: [String], packets: Int, against bare: Measurement?, runs: Int? = nil
    ) -> Measurement? {
        guard let result = measure(command, runs: runs ?? self.runs) else {
            print(pad(name, 30) + "  could not be run, or took too long")
            return nil
        }
        let rate = Double(packets) / result.cpuSeconds / 1e6
        let share = bare.map { text($0.cpuSeconds / result.cpuSeconds * 100, 0) + " %" } ?? "–"
        let cells = [
            text(result.cpuSeconds, 2), text(result.wallSeconds, 2), text(rate, 3), share,
            text(result.peakMegabytes, 0),
        ]
        let failed = result.status == 0 ? "" : "  exit \(result.status)"
        print(pad(name, 30) + cells.map { lead($0, 9) }.joined() + failed)
        return result
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func lead(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func text(_ value: Double, _ decimals: Int) -> String {
        String(format: "%.\(decimals)f", value)
    }
}
