import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopHost

/// What is occupied over what leaves: when it is a wait, and when it says nothing.
@Suite struct LayerCourseTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: .milliseconds(milliseconds)) }

    private func course(_ readings: [(ms: Int64, occupied: Int, left: UInt64, drops: UInt64)]) -> LayerCourse {
        var course = LayerCourse()
        for reading in readings {
            course.append(
                LayerCourse.Reading(
                    time: at(reading.ms), occupied: reading.occupied, left: reading.left, drops: reading.drops))
        }
        return course
    }

    /// 100 kB behind 1 MB/s wait 100 ms.
    @Test func waitIsOccupancyOverDrain() {
        let readings = (0...20).map { step in
            (ms: Int64(step) * 100, occupied: 100_000, left: UInt64(step) * 100_000, drops: UInt64(0))
        }
        let course = course(readings)
        #expect(course.drain == 1_000_000)
        #expect(course.wait == .milliseconds(100))
        #expect(course.trend == .steady)
        #expect(course.dropsPerSecond == 0)
    }

    /// Nothing leaves: there is no time to tell. Nothing is there: none is needed.
    @Test func noDrainNoTime() {
        #expect(course([(0, 9_000, 5, 0), (1_000, 9_000, 5, 0)]).wait == nil)
        #expect(course([(0, 0, 5, 0), (1_000, 0, 5, 0)]).wait == 0)
        // One reading, or two of one moment, are no rate.
        #expect(course([(0, 9_000, 5, 0)]).wait == nil)
        #expect(course([(0, 9_000, 5, 0), (100, 9_000, 50_000, 0)]).drain == nil)
    }

    /// A counter that begins anew is no rate of four thousand million.
    @Test func countersThatBeginAnew() {
        let course = course([(0, 10, 4_000_000_000, 7), (500, 10, 0, 0), (1_000, 10, 500_000, 2)])
        #expect(course.drain == 1_000_000)
        #expect(course.droppedSince == 2)
    }

    @Test func dropsAndTrend() {
        let course = course([(0, 1_000, 0, 5), (500, 40_000, 1, 9), (1_000, 90_000, 2, 15)])
        #expect(course.droppedSince == 10)
        #expect(course.dropsPerSecond == 10)
        #expect(course.trend == .growing)
        #expect(course.history == [1_000, 40_000, 90_000])
    }

    /// The leaves of mq, of a shaper with a discipline inside, and of htb hold the packets; their parents repeat them.
    @Test func onlyLeavesCount() throws {
        var courses = LayerCourses()
        var link = try #require(Self.link)
        link.name = "eth9"
        func discipline(_ kind: String, handle: UInt32, parent: UInt32, backlog: UInt32) -> QdiscMessage {
            var message = Self.discipline
            message.kind = kind
            message.interface = link.index
            message.handle = handle
            message.parent = parent
            message.counts?.backlog = backlog
            return message
        }
        let shaped = [
            discipline("tbf", handle: 0x1_0000, parent: .max, backlog: 900),
            discipline("fq_codel", handle: 0x2_0000, parent: 0x1_0001, backlog: 900),
        ]
        let layers = DeviceLayers.queues(of: link, shaped, classes: [], &courses, at: at(0))
        #expect(layers.map(\.kind) == ["fq_codel"])
        let many = [
            discipline("mq", handle: 0x1_0000, parent: .max, backlog: 700),
            discipline("pfifo_fast", handle: 0, parent: 0x1_0001, backlog: 300),
            discipline("pfifo_fast", handle: 0, parent: 0x1_0002, backlog: 400),
        ]
        #expect(
            DeviceLayers.queues(of: link, many, classes: [], &courses, at: at(0)).compactMap(\.occupied) == [300, 400])
        let none = [discipline("noqueue", handle: 0, parent: .max, backlog: 0)]
        let empty = DeviceLayers.queues(of: link, none, classes: [], &courses, at: at(0))
        #expect(empty.first?.delay == 0 && empty.first?.kind == "noqueue")
    }

    /// Where a discipline is attached below a shaper, as tc(8) wants it written: tried with tc on a tbf and on a class of htb.
    @Test func shapersHaveAPlaceBelow() throws {
        let link = try #require(Self.link)
        for (kind, handle, isClass, expected) in [
            ("tbf", 0x809c_0000, false, "809c:1"), ("htb", 0x1_0010, true, "1:10"), ("tbf", 0, false, nil),
            ("pfifo_fast", 0x8001_0000, false, nil), ("fq_codel", 0x8001_0000, false, nil),
        ] as [(String, UInt32, Bool, String?)] {
            var courses = LayerCourses()
            var message = Self.discipline
            message.kind = kind
            message.interface = link.index
            message.handle = handle
            message.isClass = isClass
            // A class is reached through its discipline.
            var root = message
            root.handle = handle & 0xffff_0000
            root.parent = .max
            root.isClass = false
            let layers = DeviceLayers.queues(
                of: link, [root], classes: isClass ? [message] : [], &courses, at: at(0))
            #expect(layers.map(\.attachment) == [expected], "\(kind)")
        }
    }

    /// Under a fair queue the device's backlog bounds one flow's wait; what codel measures is the wait itself.
    @Test func fairQueuesBound() throws {
        let link = try #require(Self.link)
        for (name, bound, delay) in [
            ("codel", DelayBound.measured, Nanoseconds(61_234_000)), ("pie", .measured, 17_654_000),
            ("cake", .atMost, 42_000_000), ("fq", .atMost, 0), ("fq_codel", .atMost, 0),
        ] {
            var courses = LayerCourses()
            var message = try #require(try NetlinkFixture(name).messages { QdiscMessage(type: $0, $1) }.first)
            message.interface = link.index
            var layer: HostLayer?
            for step in 0...10 {
                message.counts?.bytes = 9_876_543_210 + UInt64(step) * 100_000
                layer = DeviceLayers.queues(of: link, [message], classes: [], &courses, at: at(Int64(step) * 100)).first
            }
            #expect(layer?.bound == bound, "\(name)")
            #expect(layer?.isPaced == (name == "fq"), "\(name)")
            if delay > 0 { #expect(layer?.delay == delay, "\(name)") }
        }
    }

    private static let discipline: QdiscMessage = {
        // swift-format-ignore: NeverForceUnwrap
        try! NetlinkFixture("qdisc-tbf").messages { QdiscMessage(type: $0, $1) }[0]
    }()

    /// A device as bytes: index 7, up, named.
    private static var link: LinkMessage? {
        let body =
            [0, 0, 0, 0] + Netlink.native(Int32(7)) + Netlink.native(UInt32(1)) + Netlink.native(UInt32(0))
            + Netlink.attribute(3, Array("eth7".utf8) + [0])
        return withSpan(body) { LinkMessage($0) }
    }
}

/// Counters of the stack: what rose since the beginning, and how fast lately.
@Suite struct CounterCourseTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: .milliseconds(milliseconds)) }

    @Test func riseAndRate() {
        var course = CounterCourse()
        for step in 0...20 {
            course.observe(["TcpExt.ListenDrops": 100 + UInt64(step) * 2, "Other": 7], at: at(Int64(step) * 200))
        }
        #expect(course.rise("TcpExt.ListenDrops") == 40)
        #expect(course.perSecond("TcpExt.ListenDrops") == 10)
        #expect(course.all.map(\.name) == ["TcpExt.ListenDrops"])
        // A counter that is set back goes on from there.
        course.observe(["TcpExt.ListenDrops": 3], at: at(5_000))
        #expect(course.rise("TcpExt.ListenDrops") == 40)
        course.observe(["TcpExt.ListenDrops": 5], at: at(6_000))
        #expect(course.rise("TcpExt.ListenDrops") == 42)
        #expect(course.perSecond("TcpExt.ListenDrops") == 2)
    }

    @Test func whatNeverRoseIsNotTold() {
        var course = CounterCourse()
        course.observe(["Udp.RcvbufErrors": 9], at: at(0))
        course.observe(["Udp.RcvbufErrors": 9], at: at(200))
        #expect(course.all.isEmpty && course.perSecond("Udp.RcvbufErrors") == 0)
    }
}
