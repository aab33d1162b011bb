import StreamtopBase
import StreamtopModel

/// An end of a flow on this host, with what its kernel says is set: advice names the value there is now and the one proposed,
/// as a command, with its risk. What is set already is not advised: such a question gives nil.
struct LocalEnd: Sendable {
    let end: Direction
    let settings: HostSettings
    let socket: KernelSocket?

    /// BBR paces by itself since Linux 4.13; before, only under fq.
    private static let pacingKernel = (4, 13)
    /// Autotuning counts payload and packet overhead alike: half of a buffer is payload (net.ipv4.tcp_adv_win_scale 1).
    private static let bufferShare = 2
    /// Below the smallest of these no one's buffer is made: steps of a megabyte read well.
    private static let step = 1 << 20

    /// nil where no end is on this host, both are, or its settings are another namespace's.
    init?(_ flow: borrowing FlowSnapshot) {
        let kernel = flow.$kernel
        let hostEnd = flow.hostEnd
        guard let host = flow.$host, let end = kernel?.value.side ?? hostEnd else { return nil }
        self.end = end
        settings = host.value.settings
        socket = kernel?.value.socket
    }

    init(end: Direction, settings: HostSettings, socket: KernelSocket?) {
        self.end = end
        self.settings = settings
        self.socket = socket
    }

    // MARK: Congestion control

    var bbr: String? {
        let name = socket?.congestionControl
        guard name != "bbr", let current = settings.congestionControl else { return nil }
        if current == "bbr" {
            return name.map {
                "On this host: the default is bbr already, and the application chose \($0) for itself (TCP_CONGESTION): let it take the default."
            }
        }
        var text = "On this host: "
        if let available = settings.availableControls, !available.contains("bbr") { text += "modprobe tcp_bbr; " }
        text += "sysctl -w net.ipv4.tcp_congestion_control=bbr (now \(current))"
        if let version = settings.kernelVersion, version < Self.pacingKernel,
            let discipline = settings.defaultDiscipline,
            discipline != "fq"
        {
            text += "; sysctl -w net.core.default_qdisc=fq (now \(discipline)), without which this kernel does not pace"
        }
        return text + ". Risk: takes more than its share beside Cubic."
    }

    var ecn: String? {
        guard let ecn = settings.ecn, ecn != 1 else { return nil }
        let now = ecn == 2 ? "2: only when the peer asks" : "\(ecn)"
        return "On this host: sysctl -w net.ipv4.tcp_ecn=1 (now \(now)). Risk: few old middleboxes drop such SYNs."
    }

    /// A window over pauses, as chunked live needs it. The default of `fq` is not asked for where the kernel paces.
    var windowOverPauses: String? {
        guard settings.slowStartAfterIdle == true else { return nil }
        return
            "On this host: sysctl -w net.ipv4.tcp_slow_start_after_idle=0 (now 1). Risk: a burst after each pause, unless paced."
    }

    // MARK: Path

    var mtuProbing: String? {
        guard let probing = settings.mtuProbing, probing == 0 else { return nil }
        return
            "On this host: sysctl -w net.ipv4.tcp_mtu_probing=1 (now 0). Risk: none but a slower start on such paths."
    }

    // MARK: Buffers

    /// Room for twice what the path holds, where the send buffer is what holds the sender.
    func sendBuffer(rate: Double?, base: Nanoseconds?) -> String? {
        guard let most = settings.tcpSendMaximum, let needed = Self.buffer(rate, base) else { return nil }
        if most < needed {
            return command("wmem", settings.tcpSendLower, needed, now: most)
        }
        guard let fixed = socket?.memory?.sendLimit, fixed < needed, fixed < most else { return nil }
        return
            "On this host: the application fixed its send buffer at \(FigureText.bytes(fixed)) (SO_SNDBUF), though net.ipv4.tcp_wmem lets it grow to \(FigureText.bytes(most)): let it take no size at all."
    }

    /// Room for twice what the path holds, where the window of the near end holds the peer.
    func receiveBuffer(rate: Double?, base: Nanoseconds?) -> String? {
        if let socket, let unread = socket.unread, let window = socket.receiveWindow, unread > window {
            return
                "On this host: the application does not take what has arrived (\(FigureText.bytes(unread)) unread): read faster. A larger buffer would only fill."
        }
        guard let most = settings.tcpReceiveMaximum, let needed = Self.buffer(rate, base) else { return nil }
        if most < needed {
            return command("rmem", settings.tcpReceiveLower, needed, now: most)
        }
        guard let fixed = socket?.memory?.receiveLimit, fixed < needed, fixed < most else { return nil }
        return
            "On this host: the receive buffer stays at \(FigureText.bytes(fixed)), though net.ipv4.tcp_rmem lets it grow to \(FigureText.bytes(most)): take away the SO_RCVBUF that fixes it."
    }

    private static func buffer(_ rate: Double?, _ base: Nanoseconds?) -> Int? {
        guard let rate, let base, rate > 0, base > 0 else { return nil }
        let product = rate / 8 * base.seconds * 2 * Double(bufferShare)
        guard product.isFinite, product < 1e12 else { return nil }
        return (Int(product) / step + 1) * step
    }

    private func command(_ name: String, _ lower: [Int], _ needed: Int, now most: Int) -> String {
        let values = lower.count == 2 ? "\(lower[0]) \(lower[1]) \(needed)" : "MIN DEFAULT \(needed)"
        return
            "On this host: sysctl -w net.ipv4.tcp_\(name)=\"\(values)\" (largest now \(most)): twice what the path holds. Risk: memory, for each connection."
    }

    /// A limit for what is written and not sent, where much is. nil where the socket, or every one, has such a limit already.
    func lowWater(waiting: Int, rate: Double?) -> String? {
        guard let limit = settings.notSentLowWater, limit > waiting else { return nil }
        let quarter = rate.map { Int(min(1e9, max(16_384, $0 / 8 / 10))) } ?? 131_072
        return
            "On this host, the application: TCP_NOTSENT_LOWAT \(quarter) (a tenth of a second; net.ipv4.tcp_notsent_lowat is \(limit < 1 << 31 ? "\(limit)" : "unlimited")), and write when poll(2) says so: what is not written yet can still be dropped or replaced. Risk: more wake-ups."
    }
}

extension HostSettings {
    /// Major and minor number of the release; nil where it says something else.
    var kernelVersion: (Int, Int)? {
        let parts = (kernelRelease ?? "").split { !$0.isNumber }
        guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        return (major, minor)
    }
}
