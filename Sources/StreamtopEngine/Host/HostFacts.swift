import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel

/// What the host's kernel said, as far as flows need it. Comes in messages with a time; nothing here asks or reads a clock.
struct HostFacts: ~Copyable {
    /// Whether anybody asks the kernel.
    private(set) var isAsked = false
    /// One box for all flows that it is shown with.
    private(set) var hostBox: Boxed<HostSnapshot>.Box?
    var host: HostSnapshot? { hostBox?.value }
    private var courses: [FlowKey: SocketCourse] = [:]
    private var datagramSockets: [UInt16: [DatagramSocket]] = [:]
    private var owners: [UInt32: ProcessSnapshot] = [:]
    private var routes: [IPAddress: [String]] = [:]
    private var paths: [FlowKey: HostPath] = [:]
    private var translatedDatagrams: [FlowKey: DatagramSocket] = [:]
    /// Subflows by the token of their Multipath TCP connection, which is one on this host.
    private var multipath: [UInt32: [FlowKey]] = [:]
    var comparison = HostComparison()
    /// Flows with packets since they were last asked about, and those that are asked about, with the time of their last packet.
    var active = ActiveFlows(.host)
    var watched: [FlowKey: Timestamp] = [:]

    /// A flow that nobody asks about any more is forgotten after this.
    private static let memory: Nanoseconds = .seconds(30)
    /// What an answer says of now no longer holds after this.
    static let freshness: Nanoseconds = .seconds(3)
    static let limits = [
        Limit("sockets of this host known", courseCapacity, per: .engine, policy: "more are not joined"),
        Limit("owners of sockets known", ownerCapacity, per: .engine, policy: "all are asked for again"),
    ]
    private static let courseCapacity = 4_096
    private static let ownerCapacity = 16_384
    /// More than Linux lets a connection have (MPTCP_PM_ADDR_MAX, 8).
    private static let subflowCapacity = 16

    mutating func observe(_ report: HostReport) {
        isAsked = true
        for socket in report.sockets { observe(socket) }
        if let host = report.host { hostBox = Boxed.Box(host) }
        if let sockets = report.datagramSockets {
            datagramSockets = Dictionary(grouping: sockets.prefix(65_536)) { $0.local.port }
            translatedDatagrams = report.translatedDatagrams
        }
        if owners.count > Self.ownerCapacity { owners.removeAll() }
        owners.merge(report.owners) { _, new in new }
        if routes.count > Self.ownerCapacity { routes.removeAll() }
        routes.merge(report.routes) { _, new in new }
        if paths.count > Self.courseCapacity { paths.removeAll() }
        paths.merge(report.paths) { _, new in new }
    }

    private mutating func observe(_ socket: KernelSocket) {
        let key = FlowKey(source: socket.local, destination: socket.remote, transport: 6)
        if let token = socket.multipath?.token, multipath[token]?.contains(key) != true,
            multipath.count < Self.courseCapacity, multipath[token, default: []].count < Self.subflowCapacity
        {
            multipath[token, default: []].append(key)
        }
        guard var course = courses[key] else {
            if courses.count < Self.courseCapacity { courses[key] = SocketCourse(socket) }
            return
        }
        if course.accepts(socket) {
            course.append(socket)
        } else if socket.isElsewhere == course.newest.isElsewhere, socket.local == course.newest.local,
            socket.time == course.newest.time
        {
            course.noteOther()
        } else if socket.isElsewhere, socket.time - course.newest.time < .seconds(2) {
            // The other end, also on this machine: the one known first stays.
            return
        } else {
            course = SocketCourse(socket)
        }
        courses[key] = course
    }

    /// Forgets what nobody asked about for long.
    mutating func forget(at time: Timestamp) {
        guard !courses.isEmpty else { return }
        courses = courses.filter { time - $0.value.newest.time < Self.memory }
        guard !multipath.isEmpty else { return }
        multipath = multipath.mapValues { keys in keys.filter { courses[$0] != nil } }.filter { !$0.value.isEmpty }
    }

    /// The other subflows of the connection that `socket` is one of, as far as they were asked about: those of the same token at the
    /// same end, in the same namespace or not.
    func otherSubflows(of socket: KernelSocket) -> [FlowKey] {
        guard let token = socket.multipath?.token, let keys = multipath[token] else { return [] }
        return keys.filter { key in
            guard let other = course(of: key)?.newest else { return false }
            return other.cookie != socket.cookie && other.multipath?.token == token
                && other.isElsewhere == socket.isElsewhere
        }
    }

    /// The course of the flow's socket; nil where it was not found, or twice.
    func course(of key: FlowKey) -> SocketCourse? {
        guard isAsked, let course = courses[key.withoutEncapsulation], !course.isAmbiguous else { return nil }
        return course
    }

    func owner(_ inode: UInt32) -> ProcessSnapshot? { owners[inode] }

    /// The UDP socket that takes what arrives for `end` from `peer`; one connected to the peer before one open to all.
    func datagramSocket(of end: Endpoint, from peer: Endpoint) -> DatagramSocket? {
        let found = (datagramSockets[end.port] ?? []).filter { $0.serves(end, from: peer) }
        return found.first { $0.remote == peer && !$0.isElsewhere } ?? found.first { !$0.isElsewhere } ?? found.first
    }

    /// The UDP socket of a flow that NAT on this host shows with other ends than the socket has.
    func translatedDatagramSocket(of key: FlowKey) -> DatagramSocket? {
        translatedDatagrams.isEmpty ? nil : translatedDatagrams[key.withoutEncapsulation]
    }

    /// The devices that a flow of a socket in another namespace passes on this host.
    func path(of key: FlowKey) -> HostPath? { paths.isEmpty ? nil : paths[key.withoutEncapsulation] }

    /// What waits in queues of this host on the way of a flow to `address`, all flows together.
    func queue(of key: FlowKey, to address: IPAddress) -> (bytes: Int, wait: Nanoseconds) {
        guard let host else { return (0, 0) }
        let devices = path(of: key)?.out ?? devices(to: address)
        var sum: (bytes: Int, wait: Nanoseconds) = (0, 0)
        for layer in host.layers where layer.layer == .qdisc && devices.contains(layer.name) {
            sum.bytes = sum.bytes.addingReportingOverflow(layer.occupied ?? 0).partialValue
            sum.wait = saturatingAdd(sum.wait, layer.delay ?? 0)
        }
        return sum
    }

    /// Devices that packets to `address` leave by.
    func devices(to address: IPAddress) -> [String] { routes[address] ?? [] }
}

/// How our estimates compare with the kernel's values, over the run.
struct HostComparison: ~Copyable {
    private var window = LogHistogram()
    private var roundTrip = LogHistogram()
    private var flight = LogHistogram()
    private var limitedRoundTrip = LogHistogram()
    private var limitedFlight = LogHistogram()
    private var retransmissions = LogHistogram()
    private var limitedBy = LogHistogram()
    private var flows = 0
    private var joined = 0
    private var wrongNames = 0
    private var namesCompared = 0

    /// Relative errors are kept in millionths.
    private static let unit = 1e6

    mutating func record(_ sample: KernelSample) {
        guard sample.socket.isApplicationLimited != true else {
            Self.record(sample.roundTripError, in: &limitedRoundTrip)
            return Self.record(sample.flightError, in: &limitedFlight)
        }
        Self.record(sample.windowError, in: &window)
        Self.record(sample.roundTripError, in: &roundTrip)
        Self.record(sample.flightError, in: &flight)
    }

    private static func record(_ error: Double?, in histogram: inout LogHistogram) {
        guard let error, error.isFinite else { return }
        histogram.record(Int64(min(1e12, abs(error) * unit)))
    }

    /// A TCP flow ends; `estimate` is the name that we gave, `kernel` the one it has.
    mutating func count(isJoined: Bool, estimate: CongestionControlName?, kernel: String?) {
        flows += 1
        guard isJoined else { return }
        joined += 1
        guard let estimate, estimate != .unknown, let kernel else { return }
        namesCompared += 1
        if estimate.rawValue != kernel { wrongNames += 1 }
    }

    /// The counts of one flow that was seen from its beginning, where the kernel's last answer is of its end. `receiver` are shares
    /// of the time in which there was something to send: what the application did not write is left out on both sides.
    mutating func count(retransmissions ours: Int, kernel: Int?, receiver: (ours: Double, kernel: Double)?) {
        if let kernel { Self.record(Double(ours - kernel) / Double(max(1, kernel)), in: &retransmissions) }
        if let receiver { Self.record(receiver.ours - receiver.kernel, in: &limitedBy) }
    }

    var snapshot: KernelComparison {
        var snapshot = KernelComparison(flows: flows, joined: joined, wrongNames: wrongNames)
        snapshot.window = Self.error(window)
        snapshot.roundTrip = Self.error(roundTrip)
        snapshot.flight = Self.error(flight)
        snapshot.limitedRoundTrip = Self.error(limitedRoundTrip)
        snapshot.limitedFlight = Self.error(limitedFlight)
        snapshot.namesCompared = namesCompared
        snapshot.retransmissions = Self.error(retransmissions)
        snapshot.limitedBy = Self.error(limitedBy)
        return snapshot
    }

    private static func error(_ histogram: borrowing LogHistogram) -> KernelComparison.Error? {
        guard let p50 = histogram.quantile(0.5), let p95 = histogram.quantile(0.95) else { return nil }
        return KernelComparison.Error(samples: histogram.count, p50: Double(p50) / unit, p95: Double(p95) / unit)
    }
}
