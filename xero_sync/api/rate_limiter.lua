-- The limiter's books, read and written in one atomic step. `rate_limiter.py` says what they mean and
-- why they are right; times are seconds of this server's own clock, so all workers share one.
--
-- KEYS: 1 calls of the organisation, 2 those of them in flight, 3 its book,
--       4 calls of the app, 5 the app's book
-- A call stands in 1 and 4 under the latest moment at which Xero can have counted it: the moment
-- it ended, or, in flight, the moment at which it will be given up.

local calls, flight, book, app, app_book = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000

-- Lua's own way of writing a number would cut it to a tenth of a millisecond.
local function exact(number)
    return string.format('%.6f', number)
end

local function field(key, name)
    return tonumber(redis.call('HGET', key, name) or '')
end

local function count_after(key, moment)
    return redis.call('ZCOUNT', key, '(' .. exact(moment), '+inf')
end

local function running()
    return count_after(flight, now)
end

local function keep(day_seconds, minute_seconds, lapse_seconds)
    local useful = minute_seconds + lapse_seconds
    redis.call('ZREMRANGEBYSCORE', calls, '-inf', exact(now - useful))
    redis.call('ZREMRANGEBYSCORE', app, '-inf', exact(now - useful))
    redis.call('ZREMRANGEBYSCORE', flight, '-inf', exact(now))
    for _, key in ipairs({calls, flight, app, app_book}) do
        redis.call('PEXPIRE', key, math.ceil(useful * 1000) + 60000)
    end
    redis.call('PEXPIRE', book, math.ceil((day_seconds + minute_seconds) * 1000) + 60000)
end

local function begin_day(used, day_seconds)
    redis.call('HSET', book, 'day_used', used, 'day_seen', 0, 'day_ends', exact(now + day_seconds))
    redis.call('HDEL', book, 'day_is_told', 'day_knocked')
end

-- When enough of the calls in the window have left it for one more, if none follows.
local function room_at(key, count, limit, seconds)
    local reply = redis.call('ZRANGEBYSCORE', key, '(' .. exact(now - seconds), '+inf',
        'WITHSCORES', 'LIMIT', count - limit, 1)
    return math.min(tonumber(reply[2]), now) + seconds
end

-- When bulk may borrow a call of the reserve. So many calls of it stand lent then, this one among
-- them; as many of the oldest in the window must leave it within `loan_seconds`, by themselves.
-- What is in flight has no end yet, so it counts as if it ended now.
local function loan_at(count, limit, limit_with_loan, minute_seconds, loan_seconds)
    local given_back_at = room_at(calls, count, limit, minute_seconds)
    local moment = math.max(given_back_at - loan_seconds,
        (field(book, 'people_at') or 0) + minute_seconds)
    if count >= limit_with_loan then
        moment = math.max(moment, room_at(calls, count, limit_with_loan, minute_seconds))
    end
    return math.min(moment, given_back_at)
end

local function wait(kind, moment)
    return {kind, exact(now), exact(moment)}
end

local function day_is_full(limit, day_seconds)
    local ends = field(book, 'day_ends')
    if not ends or now >= ends then
        begin_day(running(), day_seconds)
        return nil
    end
    if (field(book, 'day_used') or 0) < limit then
        return nil
    end
    if field(book, 'day_is_told') then
        return ends
    end
    -- Nobody has told when Xero's day ends, so one call in each hour of a day asks.
    local hour = day_seconds / 24
    local knocked = field(book, 'day_knocked')
    if knocked and now >= knocked + hour then
        redis.call('HSET', book, 'day_knocked', exact(now))
        return nil
    end
    if not knocked then
        redis.call('HSET', book, 'day_knocked', exact(now))
    end
    return math.min(ends, (knocked or now) + hour)
end

-- People and events called, or wished to: from now on nothing is lent, for a minute.
local function note_people(day_seconds, minute_seconds)
    redis.call('HSET', book, 'people_at', exact(now))
    redis.call('PEXPIRE', book, math.ceil((day_seconds + minute_seconds) * 1000) + 60000)
end

local function acquire(id, minute, day, concurrent, app_minute, minute_seconds, day_seconds, lapse,
        minute_with_loan, loan_seconds)
    if loan_seconds == 0 then
        note_people(day_seconds, minute_seconds)
    end
    for _, key in ipairs({app_book, book}) do
        local closed = field(key, 'closed_until')
        if closed and now < closed then
            return wait(redis.call('HGET', key, 'closed_for'), closed)
        end
    end
    local in_flight = running()
    -- A book that knows nothing yet sends one call ahead, alone.
    if in_flight >= concurrent or (in_flight > 0 and not field(book, 'known')) then
        return wait('concurrent', now)
    end
    local count = count_after(calls, now - minute_seconds)
    if count >= minute then
        local moment = loan_at(count, minute, minute_with_loan, minute_seconds, loan_seconds)
        if now < moment then
            return wait('minute', moment)
        end
    end
    count = count_after(app, now - minute_seconds)
    if count >= app_minute then
        return wait('appminute', room_at(app, count, app_minute, minute_seconds))
    end
    -- Last, because it may use up the hour's one question.
    local day_room_at = day_is_full(day, day_seconds)
    if day_room_at then
        return wait('day', day_room_at)
    end
    for _, key in ipairs({calls, flight, app}) do
        redis.call('ZADD', key, exact(now + lapse), id)
    end
    redis.call('HINCRBY', book, 'day_used', 1)
    keep(day_seconds, minute_seconds, lapse)
    return {'', exact(now), exact(now)}
end

-- Calls that Xero has counted and nobody here has made: another installation, or before a flush.
local function add_strangers(key, id, seen, limit, since)
    local missing = math.min(seen, limit) - count_after(key, since)
    for number = 1, missing do
        redis.call('ZADD', key, exact(now), id .. ':' .. number)
    end
end

local function correct_day(left, limit, acquired, day_seconds)
    if acquired < (field(book, 'day_since') or 0) then
        return
    end
    local seen = math.max(0, limit - left)
    -- What ended before this call began is in Xero's figure; of the rest nobody knows.
    local used = seen + redis.call('ZCOUNT', calls, exact(acquired), '+inf') - 1
    local seen_before = field(book, 'day_seen') or 0
    if used < seen_before or not field(book, 'day_ends') then
        -- Xero's day has begun anew, some time before now.
        begin_day(used, day_seconds)
        redis.call('HSET', book, 'day_since', exact(acquired), 'day_seen', seen)
        return
    end
    redis.call('HSET', book, 'day_used', used, 'day_seen', math.max(seen, seen_before))
end

local function close(kind, seconds, day_limit)
    if kind == 'day' then
        redis.call('HSET', book, 'day_used', day_limit, 'day_ends', exact(now + seconds),
            'day_is_told', 1)
        return
    end
    local key = kind == 'appminute' and app_book or book
    local moment = math.max(field(key, 'closed_until') or 0, now + seconds)
    redis.call('HSET', key, 'closed_until', exact(moment), 'closed_for', kind)
end

local function release(id, acquired, answered, minute_left, day_left, app_left, closed_for, seconds,
        minute, day, app_minute, minute_seconds, day_seconds, lapse)
    redis.call('ZADD', calls, exact(now), id)
    redis.call('ZADD', app, exact(now), id)
    redis.call('ZREM', flight, id)
    if answered == 1 then
        redis.call('HSET', book, 'known', 1)
    end
    -- Before the strangers are added: they are in the day's figure already.
    if day_left then
        correct_day(day_left, day, acquired, day_seconds)
    end
    if minute_left then
        add_strangers(calls, id, minute - minute_left, minute, acquired - minute_seconds)
    end
    if app_left then
        add_strangers(app, id, app_minute - app_left, app_minute, acquired - minute_seconds)
    end
    if closed_for ~= '' then
        close(closed_for, seconds, day)
    end
    keep(day_seconds, minute_seconds, lapse)
    return {}
end

local function read(minute_seconds)
    local ends = field(book, 'day_ends')
    local is_over = not ends or now >= ends
    return {
        tostring(is_over and 0 or field(book, 'day_used') or 0),
        exact(is_over and 0 or ends),
        tostring(count_after(calls, now - minute_seconds)),
        tostring(running()),
        field(book, 'known') and '1' or '0',
    }
end

local operation = ARGV[1]
local n = {}
for index = 2, #ARGV do
    n[index] = tonumber(ARGV[index])
end
if operation == 'acquire' then
    return acquire(ARGV[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11])
elseif operation == 'release' then
    return release(ARGV[2], n[3], n[4], n[5], n[6], n[7], ARGV[8], n[9], n[10], n[11], n[12], n[13],
        n[14], n[15])
end
return read(n[2])
