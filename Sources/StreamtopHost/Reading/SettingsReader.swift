import StreamtopBase
import StreamtopModel

/// Settings below /proc/sys that advice depends on.
enum SettingsReader {
    static func read() -> HostSettings {
        var settings = HostSettings()
        settings.congestionControl = word("ipv4/tcp_congestion_control")
        settings.defaultDiscipline = word("core/default_qdisc")
        settings.tcpReceiveMaximum = numbers("ipv4/tcp_rmem").dropFirst(2).first
        settings.tcpSendMaximum = numbers("ipv4/tcp_wmem").dropFirst(2).first
        settings.receiveMaximum = numbers("core/rmem_max").first
        settings.maximumBacklog = numbers("core/netdev_max_backlog").first
        settings.listenBacklog = numbers("core/somaxconn").first
        settings.synBacklog = numbers("ipv4/tcp_max_syn_backlog").first
        settings.slowStartAfterIdle = numbers("ipv4/tcp_slow_start_after_idle").first.map { $0 != 0 }
        settings.mtuProbing = numbers("ipv4/tcp_mtu_probing").first
        settings.ecn = numbers("ipv4/tcp_ecn").first
        settings.tcpReceiveLower = Array(numbers("ipv4/tcp_rmem").prefix(2))
        settings.tcpSendLower = Array(numbers("ipv4/tcp_wmem").prefix(2))
        settings.availableControls = word("ipv4/tcp_available_congestion_control").map {
            $0.split(separator: " ").map(String.init)
        }
        settings.notSentLowWater = numbers("ipv4/tcp_notsent_lowat").first
        settings.kernelRelease = KernelFile.text(at: "/proc/sys/kernel/osrelease").map {
            String($0.prefix { $0 != "\n" })
        }
        return settings
    }

    private static func word(_ name: String) -> String? {
        KernelFile.text(at: "/proc/sys/net/\(name)").map { String($0.prefix { $0 != "\n" }) }
    }

    private static func numbers(_ name: String) -> [Int] {
        ProcText.numbers(KernelFile.text(at: "/proc/sys/net/\(name)") ?? "")
    }
}
