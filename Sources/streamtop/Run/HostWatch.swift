import Glibc
import StreamtopBase
import StreamtopHost
import StreamtopModel
import Synchronization

/// The thread that asks the host's kernel, beside the one that analyses: neither waits for the other. What it learns goes out
/// as messages with a time, what it is to ask about comes in as requests; the newest of each count.
final class HostWatch: Sendable {
    private struct Desk {
        var requests = HostRequests()
        var reports: [HostReport] = []
        var isOver = false
    }

    private let desk = Mutex(Desk())
    private let reader: Mutex<HostReader>

    /// A reading every so often while few flows are followed, and while many are.
    private static let shortInterval: Nanoseconds = .milliseconds(50)
    private static let longInterval: Nanoseconds = .milliseconds(100)
    private static let fewFlows = 16
    /// Reports that wait at most: an analysis that is behind skips what it would not look at.
    private static let reportCapacity = 32

    private init(reader: consuming sending HostReader) {
        self.reader = Mutex(reader)
    }

    /// Opens the handles, with the rights the process still has; nil when the kernel gives none. The thread starts later.
    static func open(_ settings: Settings, becomesOther: Bool) -> HostWatch? {
        guard settings.isLive, settings.asksKernel else { return nil }
        // A process of root is about to give up what finding owners needs, also where it stays root; a setuid binary's user
        // never had it.
        let helper = (becomesOther || geteuid() == 0) && !Privileges.isSetuid ? OwnerFinder() : nil
        guard
            let reader = HostReader(
                devices: settings.inputNames, entersNamespaces: !Privileges.isSetuid, helper: helper)
        else { return nil }
        return HostWatch(reader: reader)
    }

    func start() {
        WorkThread.start("host", stackSize: 1 << 20) { [self] in
            reader.withLock { reader in
                while let requests = desk.withLock({ $0.isOver ? nil : $0.requests }) {
                    let began = Clocks.monotonic
                    let report = reader.read(requests, at: Clocks.wall)
                    desk.withLock { desk in
                        if desk.reports.count >= Self.reportCapacity { desk.reports.removeFirst() }
                        desk.reports.append(report)
                    }
                    let interval = requests.flows.count > Self.fewFlows ? Self.longInterval : Self.shortInterval
                    // A slow kernel is asked less often: never more than half of the time is spent on asking.
                    let spent = Clocks.monotonic - began
                    usleep(UInt32(clamping: max(interval - spent, spent) / 1_000))
                }
            }
        }
    }

    func stop() { desk.withLock { $0.isOver = true } }

    func takeReports() -> [HostReport] {
        desk.withLock { desk in
            defer { desk.reports.removeAll() }
            return desk.reports
        }
    }

    func request(_ requests: HostRequests) { desk.withLock { $0.requests = requests } }
}
