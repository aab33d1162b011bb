import StreamtopBase
import StreamtopModel

extension FlowSample {
    /// The loop through both halves, or the half there is.
    var shownRoundTrip: Nanoseconds? {
        switch (roundTrip.client, roundTrip.server) {
        case (let client?, let server?): saturatingAdd(client, server)
        case (let client?, nil): client
        case (nil, let server): server
        }
    }

    /// What waits in the queues of both ways together: the part of the round trip that is not distance.
    var summedQueueDelay: Nanoseconds? {
        switch (queueDelay.client, queueDelay.server) {
        case (let client?, let server?): saturatingAdd(client, server)
        case (let client?, nil): client
        case (nil, let server): server
        }
    }

    var lossCount: Int { losses.client + losses.server }
    var retransmissionCount: Int { retransmissions.client + retransmissions.server }
    var zeroWindowCount: Int { zeroWindows.client + zeroWindows.server }
}
