import StreamtopBase
import StreamtopModel

/// The network namespaces of this host that can be asked: the capture's own, and others that were entered while there were
/// rights to. Those that cannot are named with the reason.
final class NamespaceSet {
    /// A namespace with what is read of its devices and counters.
    final class Member {
        let handle: NamespaceHandle
        let devices: DeviceReader
        private(set) var counters = CounterCourse()
        fileprivate let entry: NamespaceList.Entry?

        fileprivate init(_ handle: NamespaceHandle, _ entry: NamespaceList.Entry?, captured: Set<String>) {
            self.handle = handle
            self.entry = entry
            devices = DeviceReader(handle, captured: captured)
        }

        func readCounters(at time: Timestamp) {
            var values: [String: UInt64] = [:]
            for file in handle.counters { values.merge(ProcText.counters(file.text() ?? "")) { first, _ in first } }
            counters.observe(values, at: time)
        }
    }

    let own: Member
    private(set) var others: [Member] = []
    private var refused: [NamespaceList.Entry] = []
    private var reasons: [String: String] = [:]
    private var gone: [(name: String, time: Timestamp)] = []
    /// The thread may still go into another namespace, and come back.
    private var entersAny: Bool
    private var nextProcesses = Timestamp(nanoseconds: .min)

    private static let processesEvery: Nanoseconds = .seconds(10)
    /// That one has gone is told for so long.
    private static let remembrance: Nanoseconds = .seconds(60)
    private static let goneCapacity = 16

    /// nil when the kernel gives not even a socket to ask through, or the thread was lost in another namespace.
    init?(captured: Set<String>, entersAny: Bool) {
        guard let handle = NamespaceHandle(name: nil, inode: NamespaceList.own) else { return nil }
        own = Member(handle, nil, captured: captured)
        self.entersAny = entersAny
        for entry in NamespaceList.entries(ofProcesses: entersAny) where !open(entry, isLate: false) { return nil }
    }

    var all: [Member] { [own] + others }

    /// Looks for namespaces that came and went.
    func refresh(at time: Timestamp) {
        // One that other processes live in goes on without its name.
        let vanished = others.filter { member in
            guard let entry = member.entry, !NamespaceList.isThere(entry) else { return false }
            return !member.handle.hasSockets
        }
        for member in vanished {
            gone.append((member.handle.name ?? "", time))
            if gone.count > Self.goneCapacity { gone.removeFirst() }
        }
        // Open handles would keep it alive.
        others.removeAll { member in vanished.contains { $0 === member } }
        refused.removeAll { !NamespaceList.isThere($0) }
        gone.removeAll { time - $0.time > Self.remembrance }
        let looksAtProcesses = time >= nextProcesses
        if looksAtProcesses { nextProcesses = time + Self.processesEvery }
        let known = Set(others.map(\.handle.inode) + refused.map(\.inode))
        for entry in NamespaceList.entries(ofProcesses: looksAtProcesses) where !known.contains(entry.inode) {
            // A process that leaves a namespace of many has not taken it along.
            gone.removeAll { $0.name == entry.name }
            if !open(entry, isLate: true) { entersAny = false }
        }
    }

    /// False when the thread could not come back.
    private func open(_ entry: NamespaceList.Entry, isLate: Bool) -> Bool {
        guard entersAny else {
            refuse(entry, isLate ? Self.late : NamespaceList.noPermission)
            return true
        }
        let (handle, reason, isLost) = NamespaceList.open(entry)
        guard !isLost else { return false }
        if let handle {
            others.append(Member(handle, entry, captured: []))
        } else if reason != NamespaceList.hasGone || !isLate {
            refuse(entry, isLate && reason == NamespaceList.noPermission ? Self.late : reason)
        }
        return true
    }

    private static let late = "it appeared after streamtop gave up the rights to enter it: start streamtop again"

    private func refuse(_ entry: NamespaceList.Entry, _ reason: String) {
        refused.append(entry)
        reasons[entry.name] = reason
    }

    /// Those that cannot be read, and those that have gone.
    var unread: [UnreadLayer] {
        refused.map { UnreadLayer(.socketReceive, name: "namespace \($0.name)", reason: reasons[$0.name] ?? "") }
            + gone.map { UnreadLayer(.socketReceive, name: "namespace \($0.name)", reason: NamespaceList.hasGone) }
    }
}
