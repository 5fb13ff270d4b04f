"""Ways to do the lab wrong, by step. The grader must take points for that step and for no other.

Each is (name, step, file, text that occurs once in the reference, what to put in its place).
"""

HTTPD = "userland/servers/httpd"
SEQUENTIAL = f"{HTTPD}/design_sequential.c"
BLOCKING = f"{HTTPD}/blocking.c"
PROCESS = f"{HTTPD}/design_process.c"
THREAD = f"{HTTPD}/design_thread.c"
QUEUE = f"{HTTPD}/queue.c"
LOOP = f"{HTTPD}/event_loop.c"
CONNECTION = f"{HTTPD}/connection.c"
EXCHANGE = f"{HTTPD}/exchange.c"
TIMERS = f"{HTTPD}/timers.c"
ACCEPTOR = f"{HTTPD}/acceptor.c"
SUCCESSOR = f"{HTTPD}/successor.c"
ANSWERS = "labs/08-four-servers/answers.toml"

MUTANTS = [
    ("sequential_forgets_the_release", 1, SEQUENTIAL, "\t\tacceptor_release(&acceptor);\n", ""),
    ("sequential_serves_a_tick", 1, SEQUENTIAL, "\t\t\tserver_tick(server);\n\t\t\tcontinue;\n",
     "\t\t\tserver_tick(server);\n"),
    ("sequential_never_looks_after_the_rest", 1, SEQUENTIAL, "\t\t\tserver_tick(server);\n\t\t\tcontinue;\n",
     "\t\t\tcontinue;\n"),
    ("blocking_one_request_a_connection", 1, BLOCKING, "\t\t\twants = connection_send(&c);\n",
     "\t\t\twants = connection_send(&c) == CONNECTION_WRITES ? CONNECTION_WRITES : CONNECTION_ENDS;\n"),
    ("blocking_never_works", 1, BLOCKING, "\t\t\twants = connection_work(&c);\n", "\t\t\twants = CONNECTION_ENDS;\n"),

    ("process_leaves_zombies", 2, PROCESS, "(pid = waitpid(-1, NULL, WNOHANG)) > 0", "(pid = 0) > 0"),
    ("process_reaps_one_a_signal", 2, PROCESS, "\t\tf->children[i].pid = 0;\n",
     "\t\tf->children[i].pid = 0;\n\t\tif (f->server->options.per_connection) {\n\t\t\tf->alive--;\n"
     "\t\t\tif (atomic_exchange(&f->children[i].busy, false))\n\t\t\t\tcount(&f->worker.counters->closed, 1);\n"
     "\t\t\tacceptor_release(&f->acceptor);\n\t\t\treturn;\n\t\t}\n"),
    ("process_parent_keeps_the_connection", 2, PROCESS, "\t\tclose(fd);\n\t\tif (pid < 0)", "\t\tif (pid < 0)"),
    ("process_child_keeps_listening", 2, PROCESS, "\tlisteners_close(&f->server->listeners);\n\tbegin_child",
     "\tbegin_child"),
    ("process_room_never_comes_back", 2, PROCESS, "\t\tif (f->server->options.per_connection)\n"
     "\t\t\tacceptor_release(&f->acceptor);\n",
     ""),
    ("process_failed_fork_takes_room", 2, PROCESS, "\t\t\tcount(&f->worker.counters->refused, 1);\n"
     "\t\t\tacceptor_release(&f->acceptor);\n",
     "\t\t\tcount(&f->worker.counters->refused, 1);\n"),
    ("process_crash_is_not_counted", 2, PROCESS, "\t\t\tcount(&f->worker.counters->closed, 1);\n", "\t\t\t;\n"),
    ("process_serves_in_the_parent", 2, PROCESS, "\t\tif (!pid) {\n\t\t\tchild_of_connection(f, index, fd, &peer);\n"
     "\t\t\treturn true;\n\t\t}\n",
     "\t\tif (!pid)\n\t\t\t_exit(0);\n\t\tserve_one(f, &f->worker, index, dup(fd), &peer);\n"),

    ("queue_takers_spin", 3, QUEUE, "\t\tpthread_cond_wait(&q->filled, &q->lock);\n",
     "\t\tpthread_mutex_unlock(&q->lock), pthread_mutex_lock(&q->lock);\n"),
    ("queue_putters_spin", 3, QUEUE, "\t\tpthread_cond_wait(&q->drained, &q->lock);\n",
     "\t\tpthread_mutex_unlock(&q->lock), pthread_mutex_lock(&q->lock);\n"),
    ("queue_without_bound", 3, QUEUE, "\twhile (q->length == q->size)\n"
     "\t\tpthread_cond_wait(&q->drained, &q->lock);\n",
     ""),
    ("queue_puts_in_silence", 3, QUEUE, "\tpthread_cond_signal(&q->filled);\n\tpthread_mutex_unlock",
     "\tpthread_mutex_unlock"),
    ("queue_takes_in_silence", 3, QUEUE, "\t\tpthread_cond_signal(&q->drained);\n", ""),
    ("queue_newest_first", 3, QUEUE, "\t\t*waiting = q->ring[q->first];\n\t\tq->first = (q->first + 1) % q->size;\n",
     "\t\t*waiting = q->ring[(q->first + q->length - 1) % q->size];\n"),
    ("queue_close_tells_one", 3, QUEUE, "pthread_cond_broadcast(&q->filled);", "pthread_cond_signal(&q->filled);"),
    ("queue_close_drops_the_rest", 3, QUEUE, "\ttaken = q->length > 0;\n", "\ttaken = !q->closed && q->length > 0;\n"),
    ("queue_looks_once", 3, QUEUE, "\twhile (!q->length && !q->closed)\n", "\tif (!q->length && !q->closed)\n"),
    ("pool_thread_serves_once", 3, THREAD, "\twhile (queue_take(&place->crew->queue, &waiting)) {\n",
     "\tif (queue_take(&place->crew->queue, &waiting)) {\n"),
    ("pool_room_never_comes_back", 3, THREAD, "\t\tserve_blocking(&place->worker, waiting.fd, &waiting.peer);\n"
     "\t\tacceptor_release(&place->crew->acceptor);\n",
     "\t\tserve_blocking(&place->worker, waiting.fd, &waiting.peer);\n"),

    ("loop_receives_too_early", 4, LOOP, "\t\tif (!c->readable && !client->hangup)\n\t\t\treturn false;\n", ""),
    ("loop_sends_too_early", 4, LOOP, "\t\tif (!c->writable)\n\t\t\treturn false;\n", ""),
    ("loop_is_greedy", 4, LOOP, "\twhile (left && step(l, client))\n\t\tleft--;\n",
     "\twhile (step(l, client))\n\t\t;\n"),
    ("loop_forgets_who_is_not_done", 4, LOOP, "\t\tclient->again = true;\n\t\tclient->next = l->again;\n"
     "\t\tl->again = client;\n",
     ""),
    ("loop_watches_for_reading_only", 4, LOOP, "client->wants == CONNECTION_READS ? WATCH_READ : WATCH_WRITE",
     "WATCH_READ"),
    ("loop_keeps_who_has_ended", 4, LOOP, "\t\tend_client(l, client);\n\t\treturn;\n", "\t\treturn;\n"),
    ("send_takes_all_for_sent", 4, CONNECTION, "\texchange_sent(c->exchange, n);\n",
     "\tfor (struct exchange *x = c->exchange; exchange_pending(x);)\n"
     "\t\texchange_sent(x, x->segments[x->first].left);\n"),
    ("send_gives_up_when_it_is_full", 4, CONNECTION, "return n == -EAGAIN || n == -EINTR ? CONNECTION_WRITES : CONNECTION_ENDS;",
     "return CONNECTION_ENDS;"),
    ("send_asks_again_and_again", 4, CONNECTION, "\t\tc->writable = n != -EAGAIN;\n", ""),
    ("receive_forgets_that_there_is_more", 4, CONNECTION, "\tc->readable = more;\n",
     "\tc->readable = false;\n"),
    ("receive_starts_over_with_each_part", 4, CONNECTION, "\tc->exchange->end += n;\n",
     "\tc->exchange->end = c->exchange->start + n;\n"),
    ("sent_files_start_again", 4, EXCHANGE, "\t\ts->offset += part;\n", ""),

    ("timer_as_late_as_the_wheel", 5, TIMERS, "\tif (tick <= wheel->hand)\n\t\ttick = wheel->hand + 1;\n", ""),
    ("timer_around_the_wheel", 5, TIMERS, "\tif (tick > wheel->hand + TIMER_SLOTS - 1)\n"
     "\t\ttick = wheel->hand + TIMER_SLOTS - 1;\n",
     ""),
    ("timer_expires_although_put_off", 5, TIMERS, "\t\tif (timer->deadline <= now) {\n", "\t\tif (1) {\n"),
    ("timer_put_off_is_lost", 5, TIMERS, "\t\twheel->hand++;\n\t\tlink_timer(wheel, timer);\n\t\twheel->hand--;\n",
     "\t\twheel->count--;\n"),
    ("timer_one_a_turn", 5, TIMERS, "\t\t\twheel->count--;\n\t\t\treturn timer;\n",
     "\t\t\twheel->count--;\n\t\t\twheel->hand = due;\n\t\t\treturn timer;\n"),
    ("expire_ends_without_a_word", 5, CONNECTION, '\t\tanswer_refusal(c, (struct http_refusal){ 408, "the request took too long" });\n'
     "\t\treturn advance(c);\n",
     "\t\treturn CONNECTION_ENDS;\n"),
    ("expire_tells_the_idle", 5, CONNECTION, "\t\tcount(&counters->timeouts[TIMEOUT_IDLE], 1);\n"
     "\t\treturn CONNECTION_ENDS;\n",
     "\t\tcount(&counters->timeouts[TIMEOUT_IDLE], 1);\n"
     "\t\tc->exchange = c->exchange ? c->exchange : worker_take(c->worker);\n"
     '\t\tanswer_refusal(c, (struct http_refusal){ 408, "the request took too long" });\n\t\treturn advance(c);\n'),
    ("expire_drops_slow_readers", 5, CONNECTION, "\t\tif (took_some(c)) {\n", "\t\tif (0) {\n"),
    ("expire_bears_dead_readers", 5, CONNECTION, "\t\tif (took_some(c)) {\n", "\t\tif (1) {\n"),
    ("expire_lingers_with_dead_readers", 5, CONNECTION, "\t\tc->reset = true;\n", ""),
    ("loop_never_expires", 5, LOOP, "\t\tclient->wants = connection_expire(&client->connection);\n", ""),
    ("blocking_never_expires", 5, BLOCKING, "\t\tif (wants != CONNECTION_ENDS && w->now >= c.deadline)\n",
     "\t\tif (0)\n"),

    ("accept_exits_when_it_is_full", 6, ACCEPTOR, "\tif (!a->paused)\n\t\ta->paused",
     "\t_exit(1);\n\tif (!a->paused)\n\t\ta->paused"),
    ("accept_asks_again_and_again", 6, ACCEPTOR, "\t\tshed(a);\n\treturn ACCEPT_PAUSE;\n",
     "\t\tshed(a);\n\treturn ACCEPT_NONE;\n"),
    ("accept_has_no_most", 6, ACCEPTOR, "\tif (atomic_load(&a->open) >= a->most)\n\t\treturn ACCEPT_PAUSE;\n\tfd",
     "\tfd"),
    ("accept_does_not_count", 6, ACCEPTOR, "\t\tatomic_fetch_add(&a->open, 1);\n", ""),
    ("accept_tells_nobody", 6, ACCEPTOR, "\t\tshed(a);\n\treturn ACCEPT_PAUSE;\n", "\t\t;\n\treturn ACCEPT_PAUSE;\n"),
    ("shed_at_once", 6, ACCEPTOR, "a->worker->now - a->paused >= a->server->options.header_ms", "1"),
    ("shed_keeps_the_connection", 6, ACCEPTOR, "\t\tclose(fd);\n\t\tcount(&a->worker->counters->refused, 1);\n",
     "\t\tcount(&a->worker->counters->refused, 1);\n"),
    ("shed_without_a_reserve", 6, ACCEPTOR, "\tclose(a->reserve);\n\tfd = accept_any", "\tfd = accept_any"),

    ("successor_gets_no_sockets", 7, SUCCESSOR, "\t\tif (dup2(h->sockets[i], (int)(FIRST + i)) < 0)\n"
     "\t\t\t_exit(1);\n",
     "\t\t;\n"),
    ("successor_is_not_named", 7, SUCCESSOR, "\tappend_pid(h->pid, getpid());\n", ""),
    ("successor_keeps_copies", 7, SUCCESSOR, "F_DUPFD_CLOEXEC", "F_DUPFD"),
    ("successor_is_trusted", 7, SUCCESSOR, "\tif (n > 0 && read(ready, &byte, 1) == 1)\n", "\tif (n > 0)\n"),
    ("drain_drops_what_is_under_way", 7, LOOP, "\treturn !atomic_load(&l->acceptor.open) || control_late();\n",
     "\treturn true;\n"),
    ("drain_waits_for_the_idle", 7, LOOP, "\tif (!l->ending && control_grace_over())\n\t\tend_idle(l);\n", ""),
    ("drain_without_grace", 7, LOOP, "\tif (!l->ending && control_grace_over())\n", "\tif (!l->ending)\n"),
    ("drain_forgets_who_waits_in_the_queue", 7, LOOP, "\t\twhile (!control_handed_over() && l->accepting && !accept_some(l))\n"
     "\t\t\t;\n",
     ""),

    ("measured_for_somebody_else", 8, ANSWERS, 'student = "reference"', 'student = "somebody else"'),
    ("measured_without_a_prediction", 8, ANSWERS, "\npredicted_close = ", "\n# predicted_close = "),
    ("measured_all_are_served", 8, ANSWERS, "\nsequential_serves = 1", "\nsequential_serves = 16"),
    ("measured_answers_that_cannot_be", 8, ANSWERS, "\nwait = { event = ", "\nwait = { event = 9"),
    ("measured_less_than_the_work", 8, ANSWERS, "\nwork = { process = 4", "\nwork = { process = "),
    ("measured_the_wrong_way_round", 8, ANSWERS, "\nclose = { sequential = ", "\nclose = { sequential = 9"),
    ("measured_the_wrong_cause", 8, ANSWERS, '\nwhy_process_close = "making"', '\nwhy_process_close = "parsing"'),
    ("measured_answers_are_not_toml", 8, ANSWERS, "\nkeep_alive = ", "\nkeep_alive: "),
]
