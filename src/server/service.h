/* The running service: store, accounts, files, workers and HTTP, started in the order of
 * their dependencies and stopped in reverse. */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include "base/err.h"
#include "base/options.h"
#include "jobs/meters.h"

struct service;

/* The limits that the options set. Any thread. */
struct jobs_plan_limits service_plan_limits(const struct options *options);

/* Starts everything; `options` is borrowed until service_stop. One clear line in *reterr.
 */
MUST_CHECK int service_start(const struct options *options, struct service **ret,
                             struct err *reterr);
int service_port(const struct service *service);
/* Stops taking requests, gives running uploads and jobs options->grace_us, writes what was
 * only counted in memory, closes. Accepts NULL. */
void service_stop(struct service **service);

#endif
